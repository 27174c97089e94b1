import type { Buffer } from 'node:buffer';
import { imagesOfDockerfile } from './dockerfile.ts';
import { createFrameCutter } from './http2-frames.ts';
import type { Frame } from './http2-frames.ts';
import { createSentFiles } from './sent-files.ts';
import type { Sent, SentFiles } from './sent-files.ts';

/** What Dockerfiles that were sent before build on: BuildKit keeps them and does not ask for them again. */
export type KnownDockerfiles = Map<string, readonly string[]>;

const mostKnown = 1_000;

/**
 * What a client of BuildKit says in its session, read along for the Dockerfiles that it sends: the end of one is held
 * back, while all else passes, until `bring` has seen to the images that it builds on.
 */
export async function* readSessionAlong(
  bytes: AsyncIterable<Uint8Array>,
  known: KnownDockerfiles,
  bring: (images: readonly string[]) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const cutter = createFrameCutter();
  const reader = createReader(known);
  const held = new Map<number, Buffer[]>();
  /** One journey after the other: each ends with the stream that waits for it. */
  const journeys = new Map<number, Promise<number>>();
  const iterator = bytes[Symbol.asyncIterator]();
  let next = read(iterator);
  try {
    for (;;) {
      const first = await Promise.race([next, ...journeys.values()]);
      if (typeof first === 'number') {
        journeys.delete(first);
        for (const frame of held.get(first) ?? []) yield frame;
        held.delete(first);
        continue;
      }
      if (first.chunk.done === true) break;
      for (const frame of cutter.cut(first.chunk.value)) {
        const images = reader.take(frame);
        const { stream } = frame;
        if (images.length > 0) {
          const before = journeys.get(stream);
          journeys.set(stream, travelled(stream, [before, bring(images)]));
        }
        if (journeys.has(stream)) held.set(stream, [...(held.get(stream) ?? []), frame.bytes]);
        else yield frame.bytes;
      }
      next = read(iterator);
    }
  } finally {
    iterator.return?.().catch(() => undefined);
  }
  await Promise.all(journeys.values());
  for (const frames of held.values()) yield* frames;
  if (cutter.rest().length > 0) yield cutter.rest();
}

const read = (iterator: AsyncIterator<Uint8Array>): Promise<{ readonly chunk: IteratorResult<Uint8Array> }> => {
  const chunk = iterator.next().then((result) => ({ chunk: result }));
  // Nobody may be waiting for it any more.
  chunk.catch(() => undefined);
  return chunk;
};

/** What could not be brought BuildKit asks a registry for, and says so. */
const travelled = async (stream: number, journeys: readonly unknown[]): Promise<number> => {
  await Promise.allSettled(journeys);
  return stream;
};

/** The images that are to be there before a frame passes. */
const createReader = (known: KnownDockerfiles) => {
  const streams = new Map<number, SentFiles | 'no files'>();
  const listed = new Map<number, readonly string[]>();
  const imagesOf = (stream: number, sent: Sent): readonly string[] => {
    if (sent.kind === 'listed') {
      listed.set(stream, [...(listed.get(stream) ?? []), ...(known.get(sent.key) ?? [])]);
      return [];
    }
    if (sent.kind === 'all-listed') return listed.get(stream) ?? [];
    const images = imagesOfDockerfile(sent.text, {});
    if (images.length > 0) remember(known, sent.key, images);
    return images;
  };
  const end = (stream: number): void => {
    streams.delete(stream);
    listed.delete(stream);
  };
  return {
    take: ({ stream, data, last }: Frame): readonly string[] => {
      const files = streams.get(stream) ?? createSentFiles();
      const sent = data === undefined || files === 'no files' ? [] : files.take(data);
      if (data !== undefined) streams.set(stream, sent === undefined ? 'no files' : files);
      const images = (sent ?? []).flatMap((one) => imagesOf(stream, one));
      if (last) end(stream);
      return images;
    },
  };
};

const remember = (known: KnownDockerfiles, key: string, images: readonly string[]): void => {
  known.delete(key);
  known.set(key, images);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
};
