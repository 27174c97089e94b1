import { TuttiError } from '../../model/errors.ts';

const maxLineBytes = 1024 * 1024;

/**
 * Splits a byte stream into the JSON values that its lines hold, as the engine's events and pull
 * progress come. A line longer than 1 MiB ends the stream with an error instead of filling memory.
 */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10, from); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]);
      pending = [];
      size = 0;
      from = end + 1;
      if (line.length > 1) yield parseLine(line);
    }
    pending.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxLineBytes)
      throw new TuttiError('internal', `the engine sent a line of more than ${maxLineBytes} bytes`);
  }
  const rest = Buffer.concat(pending).toString().trim();
  if (rest !== '') yield parseLine(Buffer.from(rest));
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch (cause) {
    throw new TuttiError('internal', `the engine sent a line that is not JSON: ${line.toString().slice(0, 200)}`, {
      cause,
    });
  }
}
