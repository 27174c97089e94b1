import type { Service } from '../../src/model/service.ts';
import { isTerminal } from '../../src/model/task.ts';
import type { Task } from '../../src/model/task.ts';
import type { Commit, Store } from '../../src/store/store.ts';
import { Violation } from './violation.ts';

const isWanted = ({ desiredState }: Task): boolean => desiredState !== 'shutdown' && desiredState !== 'remove';

/** No commit replaces more slots by a newer version than the service's policy has room for beside those under way. */
export function withinParallelism(store: Store, commit: Commit): void {
  const replaced = new Map<string, Set<number>>();
  for (const change of commit.changes) {
    if (change.table !== 'task' || change.before !== undefined || change.after === undefined) continue;
    const { slot, serviceId, predecessor } = change.after;
    if (slot === undefined || predecessor !== undefined || !replacesOlder(store, commit, change.after)) continue;
    replaced.set(serviceId, (replaced.get(serviceId) ?? new Set()).add(slot));
  }
  for (const [serviceId, slots] of replaced) {
    const service = store.view.get('service', serviceId);
    if (service?.spec.mode.kind !== 'replicated') continue;
    const most = parallelismOf(service);
    const begun = underWay(store, service).filter((slot) => !slots.has(slot)).length;
    if (slots.size > Math.max(0, most - begun))
      throw new Violation(
        `${service.spec.name}: ${slots.size} places are updated beside ${begun} under way, ${most} are allowed`,
      );
  }
}

/** Of the service's newest version, where one of another version was wanted until now, or still is, and none of the newest. */
function replacesOlder(store: Store, commit: Commit, made: Task): boolean {
  if (!isWanted(made) || store.view.get('service', made.serviceId)?.specVersion !== made.specVersion) return false;
  const left = commit.changes.flatMap(({ table, before }) => (table === 'task' && before ? [before as Task] : []));
  const place = [...left, ...store.view.find('task', 'service', made.serviceId)].filter(
    (task) => task.id !== made.id && task.serviceId === made.serviceId && task.slot === made.slot && isWanted(task),
  );
  return place.length > 0 && place.every(({ specVersion }) => specVersion !== made.specVersion);
}

/** Slots whose task of the newest version has not come to run yet: what was so when it was decided may only be less now. */
const underWay = (store: Store, { id, specVersion }: Service): number[] =>
  store.view.find('task', 'service', id).flatMap((task) => {
    if (task.slot === undefined || task.specVersion !== specVersion || !isWanted(task)) return [];
    const state = task.finalStatus?.state ?? store.view.get('taskStatus', task.id)?.state ?? 'new';
    return state === 'running' || isTerminal(state) ? [] : [task.slot];
  });

const parallelismOf = ({ spec, updateStatus }: Service): number => {
  const policy = updateStatus?.state.startsWith('rollback') === true ? spec.rollback : spec.update;
  const { parallelism = 1 } = policy ?? {};
  return parallelism === 0 ? Number.POSITIVE_INFINITY : parallelism;
};
