import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { chunkOf } from '../../rpc/body.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import { engineMessage, readAnswer } from '../engines/ask.ts';
import type { EngineRequest, Engines } from '../manager.ts';

export interface EngineCall extends Pick<EngineRequest, 'path' | 'apiVersion'> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly json?: unknown;
  readonly deadlineMs: number;
}

export interface EngineReply {
  readonly status: number;
  /** Of a success, parsed; undefined where it is empty or no JSON. */
  readonly body: unknown;
  /** Of a refusal, in the engine's words. */
  readonly message: string;
}

interface CallPorts {
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after'>;
}

/** One short exchange with a node's engine. Throws `unavailable` and `deadline-exceeded`. */
export const callEngine = async (
  { engines, clock }: CallPorts,
  nodeId: string,
  { method, path, apiVersion, json, deadlineMs }: EngineCall,
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
  return { status, body: parse(text), message: engineMessage(text) ?? `the engine answered ${status}` };
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

/** An engine's refusal as a fault, in its own words. */
export const refusal = ({ status, message }: EngineReply): TuttiError => {
  const code = ({ 400: 'invalid-argument', 404: 'not-found', 409: 'already-exists' } as const)[status];
  return new TuttiError(code ?? 'internal', message, { fields: { status } });
};

export type Standing =
  | { readonly kind: 'there'; readonly id: string; readonly name: string }
  | { readonly kind: 'gone' };

/** Whether the engine has a container of this id or name. Throws where it does not say. */
export const standingOn = async (
  ports: CallPorts,
  nodeId: string,
  reference: string,
  signal?: AbortSignal,
): Promise<Standing> => {
  const path = `/containers/${encodeURIComponent(reference)}/json`;
  const { status, body, message } = await callEngine(ports, nodeId, { method: 'GET', path, deadlineMs: 5_000 }, signal);
  if (status === 404) return { kind: 'gone' };
  const { Id: id, Name: name } = (body ?? {}) as { readonly Id?: unknown; readonly Name?: unknown };
  if (status === 200 && typeof id === 'string' && typeof name === 'string') {
    return { kind: 'there', id, name: name.replace(/^\//, '') };
  }
  throw new TuttiError('unavailable', `node ${nodeId}'s engine does not say whether it has ${reference}: ${message}`);
};
