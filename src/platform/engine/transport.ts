import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from '../../rpc/node-http.ts';
import { TuttiError } from '../../model/errors.ts';
import type { EngineEndpoint } from './endpoint.ts';
import { faultOfConnection } from './errors.ts';
import { wholeOf } from '../../rpc/whole.ts';

/** One HTTP call to the engine. */
export interface EngineCall {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** With the version prefix and the query. */
  readonly path: string;
  /** JSON text or raw bytes. */
  readonly body?: string | Uint8Array;
  readonly headers?: OutgoingHttpHeaders;
  /** The whole answer (or, when opened as a stream, its head) must be here within this many milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

/** Calls and streams over one engine's socket. */
export interface EngineTransport {
  call(call: EngineCall): Promise<EngineAnswer>;
  /** Gives the answer's head; the caller reads and destroys the body. */
  stream(call: EngineCall): Promise<IncomingMessage>;
  /** Ends every connection; calls under way are rejected. */
  close(): void;
}

/** Stops wait out their grace period, each on a connection: they must not keep the others from theirs. */
const maxConnections = 1024;
const keepAliveMs = 15_000;
const maxAnswerBytes = 64 * 1024 * 1024;

/** Connections are kept and reused for calls; each stream has one of its own. */
export function createTransport(endpoint: EngineEndpoint): EngineTransport {
  const target =
    endpoint.kind === 'unix' ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
  const name = endpoint.kind === 'unix' ? `unix://${endpoint.socketPath}` : `tcp://${endpoint.host}:${endpoint.port}`;
  const callAgent = new Agent({ keepAlive: true, maxSockets: maxConnections });
  const streamAgent = new Agent({ keepAlive: false });

  const open = async (agent: Agent, call: EngineCall, lifetime: CallLifetime): Promise<IncomingMessage> => {
    const opened = Promise.withResolvers<IncomingMessage>();
    const { deadlineMs: _, signal: __, body, headers, ...rest } = call;
    const outgoing = request({
      ...target,
      ...rest,
      agent,
      headers: { Host: 'docker', ...bodyHeaders(body), ...headers },
    });
    // A stream over TCP may be silent for hours: without probes a peer that is gone would never be missed.
    outgoing.setSocketKeepAlive(true, keepAliveMs);
    lifetime.onEnd((reason) => outgoing.destroy(reason));
    outgoing.on('response', opened.resolve);
    outgoing.on('error', (cause) => opened.reject(lifetime.reason() ?? faultOfConnection(cause, name)));
    outgoing.end(body);
    return await opened.promise;
  };

  return {
    async call(call) {
      using lifetime = callLifetime(call, name);
      const incoming = await open(callAgent, call, lifetime);
      try {
        return { status: incoming.statusCode ?? 0, body: await readText(incoming, call) };
      } catch (cause) {
        incoming.destroy();
        throw lifetime.reason() ?? faultOfConnection(cause, name);
      }
    },
    async stream(call) {
      using lifetime = callLifetime(call, name);
      return await open(streamAgent, call, lifetime);
    },
    close() {
      callAgent.destroy();
      streamAgent.destroy();
    },
  };
}

function bodyHeaders(body: string | Uint8Array | undefined): OutgoingHttpHeaders {
  if (body === undefined) return {};
  const type = typeof body === 'string' ? 'application/json' : 'application/x-tar';
  return { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
}

async function readText(incoming: IncomingMessage, { method, path }: EngineCall): Promise<string> {
  const tooLong = (): Error =>
    new TuttiError('resource-exhausted', `${method} ${path}: the engine's answer exceeds ${maxAnswerBytes} bytes`);
  return (await wholeOf(incoming, maxAnswerBytes, tooLong)).toString();
}

interface CallLifetime extends Disposable {
  /** Why the call was ended early: the caller's abort reason or the deadline. */
  reason(): Error | undefined;
  onEnd(end: (reason: Error) => void): void;
}

/** Deadline and abort signal of one call in one place; disposing it takes both away. */
function callLifetime(call: EngineCall, name: string): CallLifetime {
  let ended: Error | undefined;
  let listener: ((reason: Error) => void) | undefined;
  const end = (reason: Error): void => {
    ended ??= reason;
    listener?.(ended);
  };
  const abort = (): void =>
    end(new TuttiError('cancelled', `${call.method} ${call.path}: cancelled`, { cause: call.signal?.reason }));
  const timer = setTimeout(
    () =>
      end(
        new TuttiError(
          'deadline-exceeded',
          `the Docker Engine at ${name} did not answer ${call.method} ${pathOf(call)} within ${call.deadlineMs} ms`,
        ),
      ),
    call.deadlineMs,
  );
  timer.unref();
  if (call.signal?.aborted === true) abort();
  call.signal?.addEventListener('abort', abort, { once: true });
  return {
    reason: () => ended,
    onEnd(listen) {
      listener = listen;
      if (ended !== undefined) listen(ended);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    },
  };
}

function pathOf(call: EngineCall): string {
  return call.path.replace(/\?.*$/, '');
}
