import { TuttiError } from '../../model/errors.ts';

/** A piece of a container's output. A frame is what the container wrote at once, not a line. */
export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

const headerBytes = 8;
const maxFrameBytes = 16 * 1024 * 1024;

/**
 * Takes apart the engine's multiplexed stream: an 8-byte header (stream 0-2, three zeros, big-endian length), then
 * the data. See "Stream format" at /containers/{id}/attach in the Engine API.
 */
export async function* demultiplex(chunks: AsyncIterable<Buffer>): AsyncGenerator<OutputFrame> {
  let buffered: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    for (;;) {
      const frame = takeFrame(buffered);
      if (frame === undefined) break;
      buffered = buffered.subarray(headerBytes + frame.data.length);
      yield frame;
    }
  }
}

function takeFrame(buffered: Buffer): OutputFrame | undefined {
  if (buffered.length < headerBytes) return undefined;
  const kind = buffered.readUInt8(0);
  const length = buffered.readUInt32BE(4);
  if (kind > 2 || length > maxFrameBytes) {
    throw new TuttiError('internal', `the engine sent an output frame of kind ${kind} and ${length} bytes`);
  }
  if (buffered.length < headerBytes + length) return undefined;
  return { stream: kind === 2 ? 'stderr' : 'stdout', data: buffered.subarray(headerBytes, headerBytes + length) };
}

/** The output of a container with a terminal: one stream, not multiplexed. */
export async function* plainOutput(chunks: AsyncIterable<Buffer>): AsyncGenerator<OutputFrame> {
  for await (const data of chunks) yield { stream: 'stdout', data };
}
