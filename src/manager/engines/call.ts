import type { ErrorCode } from '../../model/errors.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { chunkOf } from '../../rpc/body.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { EngineRequest, Engines } from '../manager.ts';
import { engineMessage, readAnswer } from './ask.ts';

/** One short request of one engine. */
export interface EngineCall extends Pick<EngineRequest, 'path' | 'apiVersion'> {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly json?: unknown;
  /** For the whole exchange. Default: two minutes, room for an engine that is busy. */
  readonly deadlineMs?: number;
}

export interface EngineReply {
  readonly status: number;
  /** Parsed; undefined where it is empty or no JSON. */
  readonly body: unknown;
  /** Of a refusal, in the engine's words. */
  readonly message: string;
}

export interface CallPorts {
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after'>;
}

const usualMs = 120_000;

/** What one engine says to a request, read whole. Throws `unavailable`, `deadline-exceeded`, `resource-exhausted`. */
export const callEngine = async (
  { engines, clock }: CallPorts,
  nodeId: string,
  { method = 'GET', path, apiVersion, json, deadlineMs = usualMs }: EngineCall,
  signal?: AbortSignal,
): Promise<EngineReply> => {
  using limit = withDeadline(clock, deadlineMs, `${method} ${path} of node ${nodeId}'s engine`, signal);
  const response = await engines.request(
    nodeId,
    { method, path, ...(apiVersion !== undefined && { apiVersion }), ...(json !== undefined && bodyOf(json)) },
    limit.signal,
  );
  const text = await readAnswer(response);
  const { status } = response;
  return {
    status,
    body: parse(text),
    message: engineMessage(text) ?? `the engine of node ${nodeId} answered ${status}`,
  };
};

const bodyOf = (json: unknown): Pick<EngineRequest, 'headers' | 'body'> => {
  const bytes = Buffer.from(JSON.stringify(json));
  return {
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length) },
    body: chunkOf(bytes),
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** As each is written back to the status that it came from. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  403: 'permission-denied',
  404: 'not-found',
  409: 'already-exists',
  501: 'not-implemented',
  503: 'unavailable',
};

/** An engine's refusal as a fault, in its own words. */
export const refusal = ({ status, message }: EngineReply): TuttiError =>
  new TuttiError(codes[status] ?? 'internal', message, { fields: { status } });

/** As `callEngine`: the body of a success. Any other answer is thrown as its `refusal`. */
export const tellEngine = async (...call: Parameters<typeof callEngine>): Promise<unknown> => {
  const reply = await callEngine(...call);
  if (reply.status >= 300) throw refusal(reply);
  return reply.body;
};

/** What an answer of 200 lists. Throws `unavailable` for any other answer. */
export const askList = async <Item>(...call: Parameters<typeof callEngine>): Promise<readonly Item[]> => {
  const { status, body } = await callEngine(...call);
  if (status === 200 && Array.isArray(body)) return body as readonly Item[];
  const [, nodeId, { path }] = call;
  throw new TuttiError('unavailable', `the engine of node ${nodeId} answered ${status} to GET ${path}`);
};
