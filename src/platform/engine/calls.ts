import type { OutgoingHttpHeaders } from 'node:http';
import { TuttiError } from '../../model/errors.ts';
import { faultOfAnswer, faultOfConnection } from './errors.ts';
import type { EngineCall, EngineTransport } from './transport.ts';

/** What the caller of any engine operation may say. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Overrides the operation's own deadline, in milliseconds. */
  readonly deadlineMs?: number | undefined;
}

export interface StreamOptions extends CallOptions {
  /** Called once when the engine has accepted the call. */
  readonly onOpen?: (() => void) | undefined;
}

/** A query's values: absent ones are left out, objects go as JSON (the engine's `filters`). */
export type Query = Readonly<Record<string, string | number | boolean | object | undefined>>;

export interface Operation {
  readonly method: EngineCall['method'];
  /** Without version prefix and query. */
  readonly path: string;
  readonly query?: Query;
  readonly json?: unknown;
  readonly headers?: OutgoingHttpHeaders;
  readonly deadlineMs: number;
}

/** Operations on the engine in the negotiated version of its API. */
export interface EngineCalls {
  /** The answer's JSON; undefined for an empty body. Statuses 304 and 2xx are success. */
  json(operation: Operation, options?: CallOptions): Promise<{ readonly status: number; readonly value: unknown }>;
  /** The answer's body as it comes. It ends by throwing `cancelled` when the signal aborts. */
  bytes(operation: Operation, options?: StreamOptions): AsyncGenerator<Buffer>;
}

const maxErrorBytes = 64 * 1024;

/** @param prefix gives the version prefix, `/v1.51`. */
export function createCalls(
  transport: EngineTransport,
  prefix: (options: CallOptions) => Promise<string>,
): EngineCalls {
  const prepare = async (operation: Operation, options: CallOptions): Promise<EngineCall> => ({
    method: operation.method,
    path: `${await prefix(options)}${operation.path}${queryOf(operation.query)}`,
    ...(operation.json === undefined ? {} : { body: JSON.stringify(operation.json) }),
    ...(operation.headers === undefined ? {} : { headers: operation.headers }),
    deadlineMs: options.deadlineMs ?? operation.deadlineMs,
    signal: options.signal,
  });
  return {
    async json(operation, options = {}) {
      const answer = await transport.call(await prepare(operation, options));
      if (answer.status >= 400) throw faultOfAnswer(answer.status, answer.body, nameOf(operation));
      return {
        status: answer.status,
        value: answer.body.trim() === '' ? undefined : parseAnswer(answer.body, operation),
      };
    },
    async *bytes(operation, options = {}) {
      const incoming = await transport.stream(await prepare(operation, options));
      const abort = (): void => void incoming.destroy();
      options.signal?.addEventListener('abort', abort, { once: true });
      try {
        if (options.signal?.aborted === true) abort();
        const status = incoming.statusCode ?? 0;
        if (status >= 400) throw faultOfAnswer(status, await readSome(incoming), nameOf(operation));
        options.onOpen?.();
        yield* incoming as AsyncIterable<Buffer>;
        // A stream that was destroyed before it was read ends like one that is complete.
        options.signal?.throwIfAborted();
      } catch (cause) {
        if (options.signal?.aborted === true)
          throw new TuttiError('cancelled', `${nameOf(operation)}: cancelled`, { cause });
        throw faultOfConnection(cause, nameOf(operation));
      } finally {
        options.signal?.removeEventListener('abort', abort);
        incoming.destroy();
      }
    },
  };
}

const nameOf = (operation: Operation): string => `${operation.method} ${operation.path}`;

function queryOf(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function parseAnswer(body: string, operation: Operation): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new TuttiError('internal', `${nameOf(operation)}: the engine's answer is not JSON: ${body.slice(0, 200)}`, {
      cause,
    });
  }
}

async function readSome(incoming: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const part of incoming) {
    text += part.toString();
    if (text.length > maxErrorBytes) break;
  }
  return text;
}
