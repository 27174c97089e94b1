import type { PlaceImage } from './model.ts';

/** Docker's own registry and its names: what `busybox` is short for. */
const hub = 'docker.io/';
const library = 'library/';

/** `docker.io/library/busybox:1` → `busybox:1`; without a tag or digest `:latest` is added. */
export const familiarImage = (reference: string): string => {
  const short = withoutPrefix(withoutPrefix(withoutPrefix(reference, 'index.'), hub), library);
  if (short.includes('@')) return withoutTag(short);
  return isTagged(short) ? short : `${short}:latest`;
};

/** `registry:5000/web:1` → `registry:5000/web`. */
export const repositoryOf = (tag: string): string => {
  const at = tag.indexOf('@');
  const plain = at < 0 ? tag : tag.slice(0, at);
  return isTagged(plain) ? plain.slice(0, plain.lastIndexOf(':')) : plain;
};

/** A reference to an image fits it: a tag, a digest, an id, or the beginning of one. */
export const isImage = (image: PlaceImage, reference: string): boolean => {
  const familiar = familiarImage(reference);
  if (image.tags.some((tag) => familiarImage(tag) === familiar)) return true;
  if (image.digests.some((digest) => familiarImage(digest) === familiar)) return true;
  const hex = withoutPrefix(reference, 'sha256:');
  return /^[0-9a-f]{3,64}$/.test(hex) && withoutPrefix(image.id, 'sha256:').startsWith(hex);
};

/** Everything that an affinity to the image may name. */
export const namesOfImage = ({ id, tags }: PlaceImage): readonly string[] => [
  id,
  withoutPrefix(id, 'sha256:'),
  ...tags,
  ...tags.map(repositoryOf),
];

const isTagged = (name: string): boolean => name.lastIndexOf(':') > name.lastIndexOf('/');

/** `web:1@sha256:…` → `web@sha256:…`: with a digest the tag says nothing. */
const withoutTag = (name: string): string => `${repositoryOf(name)}${name.slice(name.indexOf('@'))}`;

const withoutPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text;
