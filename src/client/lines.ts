import { TuttiError } from '../model/errors.ts';
import { errorIn } from './transport.ts';

/** No line of ours comes near it: the longest is a log line. */
const lineLimit = 16 * 1024 * 1024;

/** One JSON value per line. A last line that is an error is thrown. */
export async function* readLines<Item>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Item> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineLimit) throw new TuttiError('resource-exhausted', 'a line of the stream is too long');
    for (const line of lines) yield itemOf<Item>(line);
  }
}

const itemOf = <Item>(line: string): Item => {
  const error = line.startsWith('{"error":{') ? errorIn(line) : undefined;
  if (error !== undefined) throw error;
  return JSON.parse(line) as Item;
};
