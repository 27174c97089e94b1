import { connect, type IncomingHttpHeaders } from 'node:http2';
import type * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { withDeadline } from '../deadline.ts';
import { dial, type DialTrust } from './dial.ts';
import { callPrefix, errorFrom, errorHeader, readAll, streamProtocol } from './wire.ts';

export interface CallOptions<Answer> {
  readonly address: string;
  readonly trust: DialTrust;
  readonly name: string;
  readonly body: unknown;
  readonly answer: z.ZodType<Answer>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

const timeoutMs = 10_000;
const maxAnswerBytes = 1024 * 1024;

/** Asks a manager. Throws what the manager threw, or `unavailable`, `unauthenticated`, `deadline-exceeded`. */
export const callManager = async <Answer>(options: CallOptions<Answer>): Promise<Answer> => {
  const { address, name } = options;
  using limit = withDeadline(options.clock, timeoutMs, `asking manager ${address}`, options.signal);
  const socket = await dial(address, streamProtocol, options.trust, limit.signal);
  const session = connect('https://manager', { createConnection: () => socket });
  const abort = () => session.destroy();
  limit.signal.addEventListener('abort', abort, { once: true });
  session.on('error', () => undefined);
  try {
    const stream = session.request(
      { ':method': 'POST', ':path': `${callPrefix}${name}`, 'content-type': 'application/json' },
      { endStream: false },
    );
    stream.end(JSON.stringify(options.body));
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
      stream.once('close', () => reject(new TuttiError('unavailable', `manager ${address} closed the connection`)));
    });
    const text = await readAll(stream, maxAnswerBytes);
    if (headers[errorHeader] !== undefined) throw errorFrom(text, Number(headers[':status']));
    return options.answer.parse(JSON.parse(text));
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    if (error instanceof TuttiError) throw error;
    throw new TuttiError('unavailable', `manager ${address} did not answer as one does`, { cause: error });
  } finally {
    limit.signal.removeEventListener('abort', abort);
    session.destroy();
  }
};
