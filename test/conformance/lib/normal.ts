import { stripVTControlCharacters } from 'node:util';

/**
 * Makes the outputs of two engines comparable: ids become numbers in the order in which they appear, times, addresses
 * and names of nodes become words, columns are one space apart. One for each side of a scenario, so that an id has the
 * same number in all of its outputs.
 */
export const createNormaliser = (): ((text: string) => string) => {
  const hex = numbered('id', 12);
  const swarm = numbered('object', 12);
  return (text) =>
    withoutProgress(plain(text))
      .replaceAll(/\bsha256:([0-9a-f]{64})\b/g, 'sha256:$1')
      .replaceAll(/\b[0-9a-f]{12}(?:[0-9a-f]{52})?\b/g, hex)
      .replaceAll(swarmId, swarm)
      .replaceAll(/\brpc error: code = \w+ desc = /g, '')
      // Engines from 23 on that are in a swarm look for a volume of the swarm last.
      .replaceAll(/\bget ([\w.-]+): no such volume/g, 'volume $1 not found')
      .replaceAll(/\bInvalid filter '/g, "invalid filter '")
      .replaceAll(/(update out of sequence)[^"\n]*/g, '$1')
      .replaceAll(/\bSWMTKN-[\w-]+/g, '<token>')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[+-]\d\d:?\d\d(?: [A-Z]+)?)?/g, '<time>')
      .replaceAll(/\b(?:Less than a second|About an? \w+|\d+ (?:second|minute|hour|day)s?)(?: ago)?\b/g, '<while>')
      .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}(?:\/\d+)?\b/g, '<address>')
      .replaceAll(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>')
      .replaceAll(/\bnode\d\b/g, '<node>')
      .split('\n')
      .map((line) => line.replaceAll(/[ \t]+/g, ' ').trimEnd())
      .join('\n');
};

/**
 * Whole ids, and short ones: with a digit wherever they stand, without one only at the beginning of a line, as in lists.
 * One whole id in 3,400 has no digit, one short id in 50; no word has 25 letters, and one of 12 is the same on both sides.
 */
const swarmId = /\b(?:[a-z0-9]{25}|(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{12})\b|^[a-z]{12}(?=\s)/gm;

/** Terminal control sequences, carriage returns. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll('\r', '\n').replaceAll(/\n+/g, '\n');

/** How a service converges is told as it is seen to, which differs from one time to the next. */
const withoutProgress = (text: string): string =>
  text
    .split('\n')
    .filter(
      (line) => !/^(?:overall progress|verify|job progress|active|\d+\/\d+|[a-z0-9]{12}|[a-z0-9]{25}): /.test(line),
    )
    .join('\n');

/** The same number for the same id, whether whole or short. */
const numbered = (word: string, significant: number): ((id: string) => string) => {
  const seen = new Map<string, number>();
  return (id) => {
    const short = id.slice(0, significant);
    const number = seen.get(short) ?? seen.size + 1;
    seen.set(short, number);
    return `<${word} ${number}>`;
  };
};
