import type { TaskId } from '../../../model/ids.ts';
import type { ContainerView } from './container-view.ts';

/** The node's containers as they were last seen or told of. What changes while a listing is under way is newer than the listing. */
export interface KnownContainers {
  get(id: string): ContainerView | undefined;
  of(taskId: TaskId): ContainerView[];
  /** Replaces what was known of it, as of now. */
  set(view: ContainerView): void;
  /** Gives what was known of it. */
  drop(id: string): ContainerView | undefined;
  /** What is known changes with time: a listing begun at this mark does not overwrite what came later. */
  mark(): number;
  /** What a whole listing begun at `mark` says that is not known yet: containers as they are now, and those that are gone. */
  compare(
    listed: readonly ContainerView[],
    mark: number,
  ): { readonly changed: readonly ContainerView[]; readonly gone: readonly string[] };
}

export function createKnownContainers(): KnownContainers {
  const containers = new Map<string, { readonly view: ContainerView; readonly touched: number }>();
  const byTask = new Map<TaskId, Set<string>>();
  let clock = 0;
  /** Those that went while a listing was under way, which may still tell of them. */
  let wentMeanwhile: Set<string> | undefined;
  return {
    get: (id) => containers.get(id)?.view,
    of: (taskId) => [...(byTask.get(taskId) ?? [])].flatMap((id) => containers.get(id)?.view ?? []),
    set(view) {
      containers.set(view.id, { view, touched: ++clock });
      let ids = byTask.get(view.taskId);
      if (ids === undefined) byTask.set(view.taskId, (ids = new Set()));
      ids.add(view.id);
    },
    drop(id) {
      const view = containers.get(id)?.view;
      if (view === undefined) return undefined;
      clock += 1;
      wentMeanwhile?.add(id);
      containers.delete(id);
      const ids = byTask.get(view.taskId);
      ids?.delete(id);
      if (ids?.size === 0) byTask.delete(view.taskId);
      return view;
    },
    mark() {
      wentMeanwhile = new Set();
      return clock;
    },
    compare(listed, mark) {
      const changed = listed.flatMap((view): readonly ContainerView[] => {
        if (wentMeanwhile?.has(view.id) === true) return [];
        const known = containers.get(view.id);
        if (known !== undefined && (known.touched > mark || isSame(known.view, view))) return [];
        return [{ ...known?.view, ...view }];
      });
      const present = new Set(listed.map(({ id }) => id));
      const gone = [...containers].filter(([id, { touched }]) => !present.has(id) && touched <= mark);
      wentMeanwhile = undefined;
      return { changed, gone: gone.map(([id]) => id) };
    },
  };
}

function isSame(a: ContainerView, b: ContainerView): boolean {
  return a.state === b.state && a.health === b.health && (a.exitCode === b.exitCode || b.exitCode === undefined);
}
