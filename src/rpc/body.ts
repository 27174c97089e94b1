import type { Duplex, Readable } from 'node:stream';

const direct = Symbol('the stream under a body');

/** The bytes of a stream, to be read once. Whoever pumps them may take the stream itself, which is much less work. */
export interface StreamBody extends AsyncIterable<Uint8Array> {
  readonly [direct]: {
    readonly source: Readable;
    /** The error that the body throws when the stream ended so; undefined: it ended as it should. */
    readonly fault: (cause: unknown) => unknown;
    /** Nobody reads it any more. */
    readonly letGo: () => void;
  };
}

/**
 * `fault` makes the error that a reader sees of what the stream broke off with; it is asked with undefined at an orderly
 * end, which may be none. Whoever stops reading ends the stream, unless its other half is still open (that half may have
 * more to say, and its owner ends it) or it is `kept`.
 */
export const bodyOf = (
  source: Readable,
  fault: (cause: unknown) => unknown,
  { kept = false }: { readonly kept?: boolean } = {},
): StreamBody => {
  const letGo = (): void => {
    if (kept || (source as Partial<Duplex>).writable === true) source.pause();
    else source.destroy();
  };
  return {
    [direct]: { source, fault, letGo },
    [Symbol.asyncIterator]: () => iterate(source, fault, letGo),
  };
};

/** The stream under a body, where there is one. */
export const streamUnder = (chunks: AsyncIterable<unknown>): StreamBody[typeof direct] | undefined =>
  direct in chunks ? (chunks as StreamBody)[direct] : undefined;

async function* iterate(
  source: Readable,
  fault: (cause: unknown) => unknown,
  letGo: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const chunk: unknown = source.read();
      if (chunk instanceof Uint8Array) yield chunk;
      else if (source.readableEnded) break;
      else if (source.destroyed) throw source.errored ?? new Error('Premature close');
      else await moved(source);
    }
  } catch (cause) {
    throw fault(cause) ?? cause;
  } finally {
    if (!source.readableEnded) letGo();
  }
  const late = fault(undefined);
  if (late !== undefined) throw late;
}

/**
 * There is more to read, or it is over. (Node's own iterator takes an HTTP/2 stream that is over, but not read to its end,
 * for one that broke off.)
 */
const moved = (source: Readable): Promise<void> =>
  new Promise((resolve) => {
    const names = ['readable', 'end', 'close', 'error'] as const;
    const done = (): void => {
      for (const name of names) source.off(name, done);
      resolve();
    };
    for (const name of names) source.on(name, done);
  });

/** A body that is whole already, as one chunk. */
export async function* chunkOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
