import { TuttiError } from '../model/errors.ts';
import { linesOf } from '../rpc/lines.ts';
import { errorIn } from './transport.ts';

/** No line of ours comes near it: the longest is a log line. */
const lineLimit = 16 * 1024 * 1024;

/** One JSON value per line. A last line that is an error is thrown. */
export async function* readLines<Item>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Item> {
  for await (const line of linesOf(chunks, lineLimit, tooLong)) yield itemOf<Item>(line);
}

const tooLong = (): Error => new TuttiError('resource-exhausted', 'a line of the stream is too long');

const itemOf = <Item>(line: string): Item => {
  const error = line.startsWith('{"error":{') ? errorIn(line) : undefined;
  if (error !== undefined) throw error;
  return JSON.parse(line) as Item;
};
