import { mountedVolumes } from '../../core/schedule/volumes.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import type { View } from '../../store/store.ts';

/** The single containers on the node that mount the volume: those that are being made there too. */
export const containersWith = (view: Pick<View, 'find'>, nodeId: string, name: string): readonly SingleContainer[] =>
  view.find('container', 'node', nodeId).filter(({ spec }) => spec.volumes.some((volume) => volume.name === name));

/** Something on the node mounts it: where its engine does not have it, it makes it for that. */
export const isMountedOn = (view: View, nodeId: string, name: string): boolean =>
  containersWith(view, nodeId, name).length > 0 ||
  view.find('task', 'node', nodeId).some((task) => !isOver(view, task) && mountedVolumes(task.spec).includes(name));

const isOver = (view: View, { id, finalStatus }: Task): boolean => {
  const status = finalStatus ?? view.get('taskStatus', id);
  return status !== undefined && isTerminal(status.state);
};
