/** An image as people name it: `nginx`, `registry:5000/team/web:1`, `web@sha256:…`; ids are told apart. */
export type ImageReference =
  | {
      readonly kind: 'name';
      /** In its short form: without `docker.io/` and `library/`. */
      readonly repository: string;
      /** Absent only beside a digest. */
      readonly tag?: string;
      readonly digest?: string;
    }
  /** A whole id, with or without `sha256:`; shorter ones look like names, and each engine looks them up both ways. */
  | { readonly kind: 'id'; readonly id: string };

const idPattern = /^(?:sha256:)?[0-9a-f]{64}$/;

/** Takes any text: what is not a reference is refused by the engine that is asked for it. */
export const parseImageReference = (text: string): ImageReference => {
  if (idPattern.test(text)) return { kind: 'id', id: text.startsWith('sha256:') ? text : `sha256:${text}` };
  const at = text.indexOf('@');
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const repository = shortName(tagged ? named.slice(0, colon) : named);
  if (at >= 0) {
    return { kind: 'name', repository, digest: text.slice(at + 1), ...(tagged && { tag: named.slice(colon + 1) }) };
  }
  return { kind: 'name', repository, tag: tagged ? named.slice(colon + 1) : 'latest' };
};

const shortName = (repository: string): string => {
  const short = repository.replace(/^(?:index\.)?docker\.io\//, '');
  const official = short.replace(/^library\//, '');
  return official.includes('/') ? short : official;
};

/**
 * Which of the images a message of an engine is about, if any. `called`: what the engine was asked for in the place of each. One name
 * may be a part of another: the longest counts.
 */
export const imageNamed = (
  message: string,
  images: readonly string[],
  called: ReadonlyMap<string, string>,
): string | undefined => {
  const spelt = images.flatMap((image) => {
    const asked = called.get(image) ?? image;
    return [asked, normalImage(asked)].map((name) => ({ image, name }));
  });
  const named = spelt.filter(({ name }) => message.includes(name));
  return named.toSorted((left, right) => right.name.length - left.name.length)[0]?.image;
};

/** One spelling of each: `docker.io/library/nginx` and `nginx:latest` give `nginx:latest`. */
export const normalImage = (text: string): string => {
  const reference = parseImageReference(text);
  if (reference.kind === 'id') return reference.id;
  const { repository, tag, digest } = reference;
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
};
