import type { Draft } from '../task/draft.ts';
import { isOutOfTheWay, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { makeTask } from '../task/make.ts';
import { releaseHeld, removeDuplicates, replaceWhereNeeded } from './replace.ts';
import { freeSlots, slotsToRemove } from './scale.ts';

/** Keeps `replicas` slots, each with one wanted task (two while an update starts the new one first). */
export const orchestrateReplicated = (draft: Draft, replicas: number): void => {
  for (const known of draft.tasks()) if (isWanted(known.task)) replaceWhereNeeded(draft, known, 'running');
  const slots = groupBySlot(draft.tasks());
  for (const tasks of slots.values()) removeDuplicates(draft, tasks);
  scale(draft, slots, replicas);
  for (const tasks of groupBySlot(draft.tasks()).values()) releaseHeld(draft, tasks, 'running');
};

/** Makes and gives up slots until there are `replicas`. */
const scale = (draft: Draft, slots: ReadonlyMap<number, readonly KnownTask[]>, replicas: number): void => {
  const held = [...slots].filter(([, tasks]) => tasks.some(({ task }) => isWanted(task)));
  const taken = new Set(held.map(([slot]) => slot));
  if (taken.size > replicas) {
    for (const slot of slotsToRemove(new Map(held), taken.size - replicas)) {
      taken.delete(slot);
    }
  }
  for (const [slot, tasks] of slots) {
    if (!taken.has(slot)) for (const { task } of tasks) draft.desire(task.id, 'remove');
  }
  for (const slot of freeSlots(taken, replicas - taken.size)) {
    draft.create(
      makeTask(draft.state.service, { slot, desiredState: beginning(draft, slots.get(slot)) }, draft.context),
    );
  }
};

/** A slot that was given up and is wanted again waits for what still runs there. */
const beginning = (draft: Draft, earlier: readonly KnownTask[] | undefined): 'ready' | 'running' =>
  earlier === undefined || earlier.every((known) => isOutOfTheWay(known, draft.state)) ? 'running' : 'ready';

export const groupBySlot = (tasks: readonly KnownTask[]): Map<number, KnownTask[]> => {
  const slots = new Map<number, KnownTask[]>();
  for (const known of tasks) {
    const slot = known.task.slot ?? 0;
    const group = slots.get(slot);
    if (group === undefined) slots.set(slot, [known]);
    else group.push(known);
  }
  return slots;
};
