import { TuttiError } from '../model/errors.ts';

/**
 * The lines of a text that comes in pieces; what follows the last end of a line is none, unless `rest` says so. Where
 * `most` characters have come without one it throws what `tooLong` gives.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: () => Error,
  { rest: keepsRest = false }: { readonly rest?: boolean } = {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > most) throw tooLong();
    yield* lines;
  }
  if (keepsRest) yield rest;
}

const longest = 1024 * 1024;
const tooLong = (): Error => new TuttiError('internal', 'the engine sent a line longer than a megabyte');

/**
 * What an engine tells line by line, as its events and its progress come: a JSON value each. Throws `internal` for a line
 * longer than a megabyte, or one that is no JSON.
 */
export async function* engineLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  for await (const line of linesOf(chunks, longest, tooLong, { rest: true })) {
    if (line.trim() !== '') yield parse(line);
  }
}

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new TuttiError('internal', `the engine sent a line that is not JSON: ${line.slice(0, 200)}`, { cause });
  }
};
