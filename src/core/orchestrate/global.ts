import type { NodeId } from '../../model/ids.ts';
import type { Draft } from '../task/draft.ts';
import { hasEnded, isOutOfTheWay, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { makeTask } from '../task/make.ts';
import { mustLeave, releaseHeld, removeDuplicates, retryEnded } from './replace.ts';

/**
 * Keeps one task on every eligible node. A task on a node that is down stays: it belongs nowhere else, and may well be
 * running when the node returns.
 */
export const orchestrateGlobal = (draft: Draft, eligible: Iterable<NodeId>, goal: 'running' | 'complete'): void => {
  for (const known of draft.tasks()) {
    if (!isWanted(known.task)) continue;
    if (isGone(draft, known)) draft.desire(known.task.id, 'remove');
    else if (hasEnded(known)) retryEnded(draft, known, goal);
    else if (mustLeave(draft, known)) draft.desire(known.task.id, 'shutdown');
  }
  const nodes = groupByNode(draft.tasks());
  for (const tasks of nodes.values()) removeDuplicates(draft, tasks);
  for (const nodeId of eligible) cover(draft, nodeId, nodes.get(nodeId) ?? [], goal);
  for (const tasks of groupByNode(draft.tasks()).values()) releaseHeld(draft, tasks, goal);
};

const cover = (draft: Draft, nodeId: NodeId, present: readonly KnownTask[], goal: 'running' | 'complete'): void => {
  if (present.some(({ task }) => isWanted(task))) return;
  const free = present.every((known) => isOutOfTheWay(known, draft.state));
  draft.create(makeTask(draft.state.service, { nodeId, desiredState: free ? goal : 'ready' }, draft.context));
};

const isGone = (draft: Draft, { task }: KnownTask): boolean =>
  task.nodeId === undefined || draft.state.standing(task.nodeId) === 'gone';

const groupByNode = (tasks: readonly KnownTask[]): Map<string, KnownTask[]> =>
  Map.groupBy(tasks, ({ task }) => task.nodeId ?? '');
