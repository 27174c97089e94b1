import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { Engines } from '../manager.ts';
import { readAnswer } from './ask.ts';

export type OneAnswer = { readonly status: number; readonly body: unknown };

export interface AskOneOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'after'>;
}

/**
 * One GET of a node's engine, its JSON answer read whole; an answer that is no JSON has no body. Throws `unavailable`,
 * `deadline-exceeded`, `resource-exhausted`.
 */
export const askEngine = async (
  engines: Engines,
  nodeId: string,
  path: string,
  { deadlineMs, signal, clock }: AskOneOptions,
): Promise<OneAnswer> => {
  using limit = withDeadline(clock, deadlineMs, `the engine of node ${nodeId}`, signal);
  const response = await engines.request(nodeId, { method: 'GET', path }, limit.signal);
  return { status: response.status, body: parse(await readAnswer(response)) };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

/** What an answer of 200 has; throws `unavailable` with what the engine says else. */
export const askList = async <Item>(
  ...[engines, nodeId, path, options]: Parameters<typeof askEngine>
): Promise<readonly Item[]> => {
  const { status, body } = await askEngine(engines, nodeId, path, options);
  if (status === 200 && Array.isArray(body)) return body as readonly Item[];
  throw new TuttiError('unavailable', `the engine of node ${nodeId} answered ${status} to GET ${path}`);
};
