import { readAnswer } from '../../../manager/engines/ask.ts';
import type { Reply } from '../../http/reply.ts';

const defaultBytes = 64 * 1024 * 1024;

/** What an engine's answer says, read whole. Throws `resource-exhausted` where that is too long. */
export const readReply = async ({ chunks }: Extract<Reply, { kind: 'stream' }>, most = defaultBytes): Promise<string> =>
  await readAnswer({ body: chunks }, most);
