/** A body as a whole. Throws what `tooLong` gives beyond `most` bytes, and what the body breaks off with. */
export const wholeOf = async (
  chunks: AsyncIterable<Uint8Array | string>,
  most: number,
  tooLong: () => Error,
): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const given of chunks) {
    const part = typeof given === 'string' ? Buffer.from(given) : given;
    size += part.length;
    if (size > most) throw tooLong();
    parts.push(part);
  }
  const [only] = parts;
  // Most are one piece, and large ones are not copied again for that.
  return parts.length === 1 && only !== undefined
    ? Buffer.from(only.buffer, only.byteOffset, only.length)
    : Buffer.concat(parts);
};
