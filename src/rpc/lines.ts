/**
 * The lines of a text that comes in pieces; what follows the last end of a line is none. Where `most` characters have come
 * without one it throws what `tooLong` gives.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: () => Error,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > most) throw tooLong();
    yield* lines;
  }
}
