import type { LogPart } from '../../rpc/logs.ts';
import type { AgentLogLine } from '../logs/gateway.ts';

const lineFeed = 0x0a;
/** A line that is longer is passed on in pieces, all of the time of its beginning. */
const maxLineBytes = 1024 * 1024;
/** As the engine writes it before each line, and before each part of a long one. */
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:\d\d)) /;
const longestStamp = 36;

/** What is done with the engine's timestamps: there are `none`, they are `kept` in the lines, or `cut` off. */
export type Stamps = 'none' | 'kept' | 'cut';

interface Piece {
  readonly data: Buffer;
  readonly time?: string;
}

const stamped = (data: Buffer, stamps: Stamps): Piece => {
  const found = stamps === 'none' ? null : stamp.exec(data.toString('latin1', 0, longestStamp));
  const [whole = '', time] = found ?? [];
  return time === undefined ? { data } : { data: stamps === 'cut' ? data.subarray(whole.length) : data, time };
};

const joined = (held: Piece, next: Piece): Piece => {
  const time = held.time ?? next.time;
  return { data: held.data.length === 0 ? next.data : Buffer.concat([held.data, next.data]), ...(time && { time }) };
};

const nothing: Piece = { data: Buffer.alloc(0) };

/** Cuts the parts of both streams into lines; what is left at the end is a line without a line feed. */
export async function* logLines(parts: AsyncIterable<LogPart>, stamps: Stamps): AsyncGenerator<AgentLogLine> {
  const held: Record<LogPart['stream'], Piece> = { stdout: nothing, stderr: nothing };
  // The timestamp of a terminal's line may itself come in two parts.
  const whole = (piece: Piece): Piece => (piece.time === undefined ? stamped(piece.data, stamps) : piece);
  for await (const { stream, data } of parts) {
    let rest = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    while (rest.length > 0) {
      const end = rest.indexOf(lineFeed);
      const piece = end === -1 ? rest : rest.subarray(0, end + 1);
      rest = rest.subarray(piece.length);
      const line = joined(held[stream], stamped(piece, stamps));
      if (end === -1 && line.data.length <= maxLineBytes) {
        held[stream] = line;
        continue;
      }
      const told = whole(line);
      held[stream] = end === -1 ? { ...told, data: nothing.data } : nothing;
      yield { stream, ...told };
    }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (held[stream].data.length > 0) yield { stream, ...whole(held[stream]) };
  }
}
