import type { Assignments } from '../../src/agent/session/ports.ts';

/** What an agent that died with a full disk will take for its word, though it was told otherwise since. */
export interface Outdated {
  /** The agent dies. `kept`: what its disk says; `told`: what it was told last. `rootOf`: the first task of a lineage. */
  died(kept: Assignments, told: Assignments, rootOf: (taskId: string) => string): void;
  /** A manager has told it anew. */
  told(): void;
  /** Tasks that it may start though nobody wants them, and all that it starts in their place, by the first of each lineage. */
  readonly tasks: ReadonlySet<string>;
}

export function outdatedWord(): Outdated {
  const tasks = new Set<string>();
  return {
    tasks,
    died: (kept, told, rootOf) => {
      for (const key of kept.keys()) {
        const task = wanted(kept, key);
        if (task === undefined || wanted(told, key) !== undefined) continue;
        tasks.add(task).add(rootOf(task));
      }
    },
    told: () => tasks.clear(),
  };
}

/** The id of the task that is to run by this word. */
const wanted = (word: Assignments, key: string): string | undefined => {
  const item = word.get(key);
  if (item?.kind !== 'task' || item.desiredState === 'shutdown' || item.desiredState === 'remove') return undefined;
  return item.id;
};
