import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';

/** The request for a task's logs, `/logs/<task id>?<options>`, and the frames of its answer: for both ends. */

export const logRequestOptions = z.object({
  follow: z.boolean(),
  stdout: z.boolean(),
  stderr: z.boolean(),
  timestamps: z.boolean(),
  /** Milliseconds since the epoch. */
  since: z.number().optional(),
  until: z.number().optional(),
  /** Last lines of each task, or of each container of one; absent: all. */
  tail: z.number().int().min(0).optional(),
});
export type LogRequestOptions = z.infer<typeof logRequestOptions>;

const prefix = '/logs/';

export const formatLogPath = (taskId: string, options: LogRequestOptions): string =>
  `${prefix}${encodeURIComponent(taskId)}?${encodeURIComponent(JSON.stringify(options))}`;

/** Undefined when it is another path. Throws `invalid-argument`. */
export const parseLogPath = (
  path: string,
): { readonly taskId: string; readonly options: LogRequestOptions } | undefined => {
  if (!path.startsWith(prefix)) return undefined;
  try {
    const [taskId = '', options = ''] = path.slice(prefix.length).split('?');
    return {
      taskId: decodeURIComponent(taskId),
      options: logRequestOptions.parse(JSON.parse(decodeURIComponent(options))),
    };
  } catch (error) {
    throw new TuttiError('invalid-argument', 'the request for logs cannot be read', { cause: error });
  }
};

export interface LogPart {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

const headerBytes = 5;
const maxPartBytes = 16 * 1024 * 1024;

/** One part as a frame: the stream's number (1 or 2), the length in four bytes, the data. */
export const encodeLogPart = ({ stream, data }: LogPart): Uint8Array => {
  const frame = Buffer.allocUnsafe(headerBytes + data.length);
  frame.writeUInt8(stream === 'stdout' ? 1 : 2, 0);
  frame.writeUInt32BE(data.length, 1);
  frame.set(data, headerBytes);
  return frame;
};

/** The parts of a stream of frames. Throws `corrupt` where it is none. */
export async function* decodeLogParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LogPart> {
  let held = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    while (held.length >= headerBytes) {
      const kind = held.readUInt8(0);
      const length = held.readUInt32BE(1);
      if ((kind !== 1 && kind !== 2) || length > maxPartBytes) {
        throw new TuttiError('corrupt', 'the stream of logs cannot be read');
      }
      if (held.length < headerBytes + length) break;
      yield { stream: kind === 1 ? 'stdout' : 'stderr', data: held.subarray(headerBytes, headerBytes + length) };
      held = held.subarray(headerBytes + length);
    }
  }
  if (held.length > 0) throw new TuttiError('corrupt', 'the stream of logs ended in the middle of a part');
}
