import { connect, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import { TuttiError } from '../../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Credentials } from '../certificates/credentials.ts';
import { withDeadline } from '../deadline.ts';
import { parseManagerMessage } from '../messages.ts';
import type { AgentTransport } from '../transport.ts';
import { createStreamChannel } from './channel.ts';
import { dial } from './dial.ts';
import { serveRequests } from './requests.ts';
import { errorFrom, errorHeader, readAll, requestProtocol, sessionPath, streamProtocol } from './wire.ts';

export interface Http2AgentOptions {
  readonly clock: Clock;
  /** Asked for each connection, so that a renewed certificate is used with the next one. */
  readonly credentials: () => Credentials;
  /** For TCP, TLS and the manager's first answer together. Default: 5,000. */
  readonly connectTimeoutMs?: number;
  /** Longest message taken from a manager. Default: 256 MiB, for whole sets with many configs. */
  readonly maxMessageBytes?: number;
}

const windowBytes = 4 * 1024 * 1024;

const answerOf = async (session: ClientHttp2Session, stream: ClientHttp2Stream, signal: AbortSignal): Promise<void> => {
  const abort = () => session.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('close', () => reject(new TuttiError('unavailable', 'the manager closed the connection')));
    });
    const status = Number(headers[':status']);
    if (status !== 200 || headers[errorHeader] !== undefined) throw errorFrom(await readAll(stream, 65_536), status);
  } catch (error) {
    session.destroy();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

/** The agent's side over TLS and HTTP/2. */
export const createHttp2AgentTransport = (options: Http2AgentOptions): AgentTransport => {
  const timeoutMs = options.connectTimeoutMs ?? 5000;
  const trust = () => ({ kind: 'node', credentials: options.credentials() }) as const;
  const deadline = (address: string, signal: AbortSignal) =>
    withDeadline(options.clock, timeoutMs, `connecting to manager ${address}`, signal);

  return {
    connect: async (address, handlers, signal) => {
      using limit = deadline(address, signal);
      const socket = await dial(address, streamProtocol, trust(), limit.signal);
      const session = connect('https://manager', {
        createConnection: () => socket,
        maxSessionMemory: 1024,
        settings: { initialWindowSize: windowBytes, enablePush: false },
      });
      session.on('error', () => undefined);
      const stream = session.request({ ':method': 'POST', ':path': sessionPath }, { endStream: false });
      const { channel, attach } = createStreamChannel<AgentMessage, ManagerMessage>({
        stream,
        clock: options.clock,
        maxBytes: options.maxMessageBytes ?? 256 * 1024 * 1024,
        parse: parseManagerMessage,
      });
      await answerOf(session, stream, limit.signal);
      attach(handlers);
      return channel;
    },
    serve: async (address, service, signal) => {
      using limit = deadline(address, signal);
      const socket = await dial(address, requestProtocol, trust(), limit.signal).catch(() => undefined);
      limit[Symbol.dispose]();
      if (socket !== undefined) await serveRequests(socket, service, signal);
    },
  };
};
