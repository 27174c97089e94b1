import type { SingleContainer, Superseded, SupersededRequest } from '../../model/single-container.ts';
import type { View } from '../../store/store.ts';
import { callEngine, refusal } from '../engines/call.ts';
import type { Doubts } from './doubts.ts';
import { standingNamed } from './standing.ts';
import { removeFromEngine, removeMs } from './make.ts';
import type { ContainerPorts } from './ports.ts';

type LeftPorts = ContainerPorts & { readonly doubts: Doubts };

/** `later`: it is not there, and may still come. `nothing`: nothing there is the container's own. */
export type LeftOutcome = 'removed' | 'nothing' | 'later';

/**
 * Removes from a node that is back what a container left there. Only what is certainly the container's own: by the whole
 * id; or by the exact name, where nothing is called so but what was made for it and never ran.
 */
export const removeLeft = async (
  ports: LeftPorts,
  row: SingleContainer,
  left: Superseded,
  signal: AbortSignal,
): Promise<LeftOutcome> => {
  if (left.engineId === undefined) return await removeRequested(ports, row, left, signal);
  if (isSomebodys(ports.store.view, left.engineId)) return 'nothing';
  await removeFromEngine(ports, left.nodeId, left.engineId, left);
  return 'removed';
};

const removeRequested = async (
  ports: LeftPorts,
  row: SingleContainer,
  { nodeId, name }: SupersededRequest,
  signal: AbortSignal,
): Promise<LeftOutcome> => {
  // It is looked for under that name again by whoever makes it there now.
  if (isBeingMade(ports.store.view, nodeId, name)) return row.gone === true ? 'later' : 'nothing';
  const standing = await standingNamed(ports, nodeId, name, signal);
  if (standing.kind === 'gone') return ports.doubts.last(nodeId, name) ? 'later' : 'nothing';
  if (standing.ran || isSomebodys(ports.store.view, standing.id)) return 'nothing';
  // Without force: an engine does not remove what was started meanwhile.
  const path = `/containers/${standing.id}?v=1`;
  const reply = await callEngine(ports, nodeId, { method: 'DELETE', path, deadlineMs: removeMs });
  if (reply.status === 409) return 'nothing';
  if (reply.status >= 300 && reply.status !== 404) throw refusal(reply);
  return 'removed';
};

const isSomebodys = (view: View, engineId: string): boolean => view.countOf('container', 'engine', engineId) > 0;

const isBeingMade = (view: View, nodeId: string, name: string): boolean => {
  const [row] = view.find('container', 'name', name);
  return row !== undefined && row.nodeId === nodeId && row.engineId === undefined;
};

/** The row when that is no longer there. */
export const without = (row: SingleContainer, gone: Superseded): SingleContainer => {
  const { superseded = [], ...rest } = row;
  const isIt = (one: Superseded): boolean =>
    one.nodeId === gone.nodeId && one.engineId === gone.engineId && nameOf(one) === nameOf(gone);
  const left = superseded.filter((one) => !isIt(one));
  return left.length === 0 ? rest : { ...rest, superseded: left };
};

const nameOf = (one: Superseded): string | undefined => (one.engineId === undefined ? one.name : undefined);
