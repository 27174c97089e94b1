import type { NodeId } from '../../model/ids.ts';
import type { ServiceMode } from '../../model/service.ts';
import type { Draft } from '../task/draft.ts';
import { hasEnded, isOutOfTheWay, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { makeTask } from '../task/make.ts';
import { orchestrateGlobal } from './global.ts';
import { releaseHeld, removeDuplicates, replaceWhereNeeded } from './replace.ts';
import { groupBySlot } from './replicated.ts';
import { freeSlots } from './scale.ts';

type ReplicatedJob = Extract<ServiceMode, { kind: 'replicated-job' }>;

/** How often a job's task must complete, and how many run at once. */
export const jobCounts = (mode: ReplicatedJob): { readonly total: number; readonly concurrent: number } => {
  const total = mode.totalCompletions ?? mode.maxConcurrent ?? 1;
  return { total, concurrent: Math.max(1, mode.maxConcurrent ?? total) };
};

/** How many tasks a service is to have, or to complete; of global ones `onNodes`. */
export const tasksOfMode = (mode: ServiceMode, onNodes: number): number => {
  switch (mode.kind) {
    case 'replicated':
      return mode.replicas;
    case 'replicated-job':
      return jobCounts(mode).total;
    case 'global':
    case 'global-job':
      return onNodes;
  }
};

/**
 * Runs slots 1 to `total` to completion, so many at a time. A change of the specification runs the job again: what an
 * earlier one made is removed.
 */
export const orchestrateReplicatedJob = (draft: Draft, mode: ReplicatedJob): void => {
  const { total, concurrent } = jobCounts(mode);
  removeEarlierRuns(draft);
  for (const { task } of draft.tasks()) if ((task.slot ?? 0) > total) draft.desire(task.id, 'remove');
  for (const known of draft.tasks()) if (isWanted(known.task)) replaceWhereNeeded(draft, known, 'complete');
  const slots = groupBySlot(draft.tasks());
  for (const tasks of slots.values()) removeDuplicates(draft, tasks);
  const wanted = draft.tasks().filter(({ task }) => isWanted(task));
  const taken = new Set(wanted.map(({ task }) => task.slot ?? 0));
  const active = wanted.filter((known) => !hasEnded(known)).length;
  const room = Math.max(0, Math.min(concurrent - active, total - taken.size));
  for (const slot of freeSlots(taken, room)) begin(draft, slot, slots.get(slot) ?? []);
  for (const tasks of groupBySlot(draft.tasks()).values()) releaseHeld(draft, tasks, 'complete');
};

/** Runs once to completion on every eligible node. */
export const orchestrateGlobalJob = (draft: Draft, eligible: Iterable<NodeId>): void => {
  removeEarlierRuns(draft);
  orchestrateGlobal(draft, eligible, 'complete');
};

const removeEarlierRuns = (draft: Draft): void => {
  for (const { task } of draft.tasks()) {
    if (task.specVersion !== draft.state.service.specVersion) draft.desire(task.id, 'remove');
  }
};

const begin = (draft: Draft, slot: number, earlier: readonly KnownTask[]): void => {
  const free = earlier.every((known) => isOutOfTheWay(known, draft.state));
  draft.create(makeTask(draft.state.service, { slot, desiredState: free ? 'complete' : 'ready' }, draft.context));
};
