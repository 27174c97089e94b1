import { TuttiError } from '../../model/errors.ts';

const lineBytes = 64 * 1024;

/** The lines of a node's answer. Throws `corrupt` where one is longer than can be. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineBytes) throw new TuttiError('corrupt', 'a line of an access log is longer than can be');
    yield* lines;
  }
}
