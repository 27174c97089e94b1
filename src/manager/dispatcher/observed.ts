import type { NodeId } from '../../model/ids.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Store } from '../../store/store.ts';
import { changedStatuses, untoldBy } from './observations.ts';

/** What a node has seen of its tasks becomes rows, as far as it is news. */
export const recordObserved = (store: Store, nodeId: NodeId, observations: readonly TaskObservation[]): void => {
  const changed = changedStatuses(store.view, nodeId, observations);
  if (changed.length === 0) return;
  store.observe((soft) => {
    for (const status of changed) soft.put('taskStatus', status.taskId, status);
  });
};

/** The same with everything that the node knows, as a hello has it: what it leaves out, the node does not have. */
export const recordAllObserved = (store: Store, nodeId: NodeId, observations: readonly TaskObservation[]): void => {
  recordObserved(store, nodeId, observations);
  const { gone, withdrawn } = untoldBy(store.view, nodeId, observations);
  if (gone.length + withdrawn.length === 0) return;
  store.observe((soft) => {
    for (const taskId of gone) soft.drop('taskStatus', taskId);
    for (const status of withdrawn) soft.put('taskStatus', status.taskId, status);
  });
};
