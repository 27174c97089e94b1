import type { Store } from '../../store/store.ts';
import type { Assignments } from './assignments.ts';
import { noteCommit, nothingDirty } from './dirty.ts';
import type { Dirty } from './dirty.ts';
import { AssignmentTable } from './table.ts';

/** Keeps the assignments of all nodes up to date with a store until it is disposed. Costs nothing until asked. */
export const trackAssignments = (store: Pick<Store, 'view' | 'subscribe'>): Assignments => {
  const table = new AssignmentTable(store.view);
  const listeners = new Set<() => void>();
  let dirty: Dirty = nothingDirty();
  let told = false;
  const subscription = store.subscribe((commit) => {
    if (!noteCommit(dirty, commit) || told) return;
    told = true;
    for (const listener of listeners) listener();
  });
  const fold = (): void => {
    const noted = dirty;
    dirty = nothingDirty();
    table.fold(noted);
  };
  return {
    full(nodeId) {
      fold();
      return table.full(nodeId);
    },
    changes() {
      told = false;
      fold();
      return table.changes();
    },
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
};
