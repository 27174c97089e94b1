import { TuttiError } from '../../../model/errors.ts';
import type { Reply } from '../../http/reply.ts';

const defaultBytes = 64 * 1024 * 1024;

/** What an engine's answer says, read whole. Throws `resource-exhausted` where that is too long. */
export const readReply = async (
  { chunks }: Extract<Reply, { kind: 'stream' }>,
  most = defaultBytes,
): Promise<string> => {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > most) throw new TuttiError('resource-exhausted', `an engine's answer is longer than ${most} bytes`);
    held.push(bytes);
  }
  return Buffer.concat(held).toString();
};
