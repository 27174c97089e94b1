import { TuttiError } from '../../model/errors.ts';
import { callEngine } from '../engines/call.ts';
import type { CallPorts } from '../engines/call.ts';

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
  const { status, body, message } = await callEngine(ports, nodeId, { path, deadlineMs: 5_000 }, signal);
  if (status === 404) return { kind: 'gone' };
  const { Id: id, Name: name } = (body ?? {}) as { readonly Id?: unknown; readonly Name?: unknown };
  if (status === 200 && typeof id === 'string' && typeof name === 'string') {
    return { kind: 'there', id, name: name.replace(/^\//, '') };
  }
  throw new TuttiError('unavailable', `node ${nodeId}'s engine does not say whether it has ${reference}: ${message}`);
};
