/** A line that goes on in the next one ends so, unless the Dockerfile chose another sign; nobody does for what matters here. */
const continued = /\\[ \t]*\r?\n/g;
const fromLine = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i;
const argLine = /^\s*ARG\s+(\S+)/i;
const copyLine = /^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)/i;
const variable = /\$(?:\{(\w+)(?::-([^}]{0,1000}))?\}|(\w+))/g;

type Arguments = Readonly<Record<string, string | null>>;

/**
 * The images that a Dockerfile builds on, as far as it says: `FROM` and `COPY --from`, its own stages left out. It is no
 * judge of Dockerfiles: what it does not understand it leaves out.
 */
export const imagesOfDockerfile = (text: string, given: Arguments): readonly string[] => {
  const values = new Map<string, string>();
  const stages = new Set(['scratch']);
  const found = new Set<string>();
  const expand = (word: string): string =>
    word.replace(variable, (_, braced: string | undefined, fallback: string | undefined, plain: string | undefined) => {
      const value = values.get(braced ?? plain ?? '') ?? '';
      return value === '' ? (fallback ?? '') : value;
    });
  const add = (word: string): void => {
    const image = expand(word.replace(/^["']|["']$/g, ''));
    if (image !== '' && !stages.has(image.toLowerCase()) && !/^\d+$/.test(image)) found.add(image);
  };
  let inStage = false;
  for (const line of text.replace(continued, ' ').split('\n')) {
    const argument = inStage ? null : argLine.exec(line);
    if (argument !== null) note(values, argument[1] ?? '', given, expand);
    const from = fromLine.exec(line);
    if (from !== null) {
      inStage = true;
      add(from[1] ?? '');
      if (from[2] !== undefined) stages.add(from[2].toLowerCase());
    }
    const copy = copyLine.exec(line);
    if (copy !== null) add(copy[1] ?? '');
  }
  return [...found];
};

const note = (
  values: Map<string, string>,
  declared: string,
  given: Arguments,
  expand: (word: string) => string,
): void => {
  const mark = declared.indexOf('=');
  const name = mark < 0 ? declared : declared.slice(0, mark);
  const own = Object.hasOwn(given, name) ? given[name] : undefined;
  const fallback = mark < 0 ? '' : expand(declared.slice(mark + 1).replace(/^["']|["']$/g, ''));
  values.set(name, own ?? fallback);
};
