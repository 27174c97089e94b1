import { TuttiError } from '../../model/errors.ts';
import { callEngine } from '../engines/call.ts';
import type { CallPorts } from '../engines/call.ts';

export type Standing =
  | { readonly kind: 'there'; readonly id: string; readonly name: string }
  | { readonly kind: 'gone' };

/** Whether the engine has a container of this id, the whole of it. Throws where it does not say. */
export const standingOn = async (
  ports: CallPorts,
  nodeId: string,
  engineId: string,
  signal?: AbortSignal,
): Promise<Standing> => {
  const path = `/containers/${encodeURIComponent(engineId)}/json`;
  const { status, body, message } = await callEngine(ports, nodeId, { path, deadlineMs: 5_000 }, signal);
  if (status === 404) return { kind: 'gone' };
  const { Id: id, Name: name } = (body ?? {}) as { readonly Id?: unknown; readonly Name?: unknown };
  if (status === 200 && typeof id === 'string' && typeof name === 'string') {
    return { kind: 'there', id, name: name.replace(/^\//, '') };
  }
  throw new TuttiError('unavailable', `node ${nodeId}'s engine does not say whether it has ${engineId}: ${message}`);
};

export type StandingNamed =
  /** `ran`: it was started, now or before. */
  { readonly kind: 'there'; readonly id: string; readonly ran: boolean } | { readonly kind: 'gone' };

interface Listed {
  readonly Id?: unknown;
  readonly Names?: readonly unknown[];
  readonly State?: unknown;
}

/**
 * Whether the engine has a container of exactly this name. It is looked for in the list: asked for one thing, an engine
 * gives another whose id begins so. Throws where it does not say.
 */
export const standingNamed = async (
  ports: CallPorts,
  nodeId: string,
  name: string,
  signal?: AbortSignal,
): Promise<StandingNamed> => {
  const filters = JSON.stringify({ name: [`^/${name.replaceAll('.', '[.]')}$`] });
  const path = `/containers/json?${new URLSearchParams({ all: '1', filters }).toString()}`;
  const { status, body, message } = await callEngine(ports, nodeId, { path, deadlineMs: 5_000 }, signal);
  if (status !== 200 || !Array.isArray(body)) {
    throw new TuttiError('unavailable', `node ${nodeId}'s engine does not say whether it has ${name}: ${message}`);
  }
  const found = (body as readonly Listed[]).find(({ Names }) => Names?.includes(`/${name}`) === true);
  return typeof found?.Id === 'string'
    ? { kind: 'there', id: found.Id, ran: found.State !== 'created' }
    : { kind: 'gone' };
};
