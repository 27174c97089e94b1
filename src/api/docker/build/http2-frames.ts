import { Buffer } from 'node:buffer';

/** A frame of HTTP/2 (RFC 9113, 4.1) as it came, and what it carries where it is one with data. */
export interface Frame {
  readonly bytes: Buffer;
  readonly stream: number;
  readonly data?: Buffer;
  /** Nothing follows in its direction of the stream. */
  readonly last: boolean;
}

export interface FrameCutter {
  cut(chunk: Uint8Array): readonly Frame[];
  /** The beginning of a frame that did not come to its end. */
  rest(): Buffer;
}

const headBytes = 9;
const types = { data: 0, headers: 1, reset: 3 };
const flags = { end: 0x1, padded: 0x8 };

/** Cuts one direction of a connection, without the client's preface, into frames. */
export const createFrameCutter = (): FrameCutter => {
  let held = Buffer.alloc(0);
  return {
    cut: (chunk) => {
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      const frames: Frame[] = [];
      while (held.length >= headBytes) {
        const end = headBytes + held.readUIntBE(0, 3);
        if (held.length < end) break;
        frames.push(read(held.subarray(0, end)));
        held = held.subarray(end);
      }
      return frames;
    },
    rest: () => held,
  };
};

const read = (bytes: Buffer): Frame => {
  const type = bytes.readUInt8(3);
  const flag = bytes.readUInt8(4);
  const stream = bytes.readUInt32BE(5) & 0x7fffffff;
  const ends = (type === types.data || type === types.headers) && (flag & flags.end) !== 0;
  const frame = { bytes, stream, last: ends || type === types.reset };
  return type === types.data ? { ...frame, data: contentOf(bytes.subarray(headBytes), flag) } : frame;
};

const contentOf = (payload: Buffer, flag: number): Buffer =>
  (flag & flags.padded) === 0 ? payload : payload.subarray(1, Math.max(1, payload.length - (payload[0] ?? 0)));
