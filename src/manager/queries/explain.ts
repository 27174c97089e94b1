import { nodeName } from '../../model/node.ts';
import { happeningsOf, summaryOf } from '../../core/explain/explain.ts';
import { placesFor, refusalsFor } from '../../core/schedule/schedule.ts';
import { hasEnded, isWanted, standingOf } from '../../core/task/known.ts';
import type { Task } from '../../model/task.ts';
import type { View } from '../../store/store.ts';
import type { Explanation } from '../manager.ts';
import { knownIn, placeIn } from '../observed.ts';
import { placesOf } from '../volumes/places.ts';

/** Why a task is where it is, at this moment (milliseconds since the epoch). */
export const explainTask = (view: View, task: Task, now: number): Explanation => {
  const known = knownIn(view, task);
  const placed = task.nodeId !== undefined && isWanted(task) && !hasEnded(known);
  const places = placed ? placesFor(snapshotOf(view, now), task) : undefined;
  const facts = {
    known,
    place: placeIn(view, task),
    nodeName: (id: string) => {
      const node = view.get('node', id);
      return node === undefined ? id : nodeName(node);
    },
    standing: (id: string) => standingOf(view.get('node', id), view.get('nodeStatus', id)),
    ...(places && { places }),
    now,
  };
  const pending = task.nodeId === undefined && isWanted(task) && task.waitingFor === undefined;
  return {
    task,
    status: known.status,
    summary: summaryOf(facts),
    refusals: pending ? refusalsFor(snapshotOf(view, now), task) : (places?.refusals ?? []),
    history: happeningsOf(facts),
  };
};

/** Every node is asked as the scheduler would. Worked out for people who ask, so the whole cluster may be walked. */
const snapshotOf = (view: View, now: number) => ({
  nodes: [...view.list('node')].map((node) => ({ node, status: view.get('nodeStatus', node.id) })),
  volumes: Array.from(view.list('volume'), ({ spec: { name } }) => [name, placesOf(view, name) ?? []] as const),
  tasks: [...view.list('task')].map((row) => ({ task: row, status: view.get('taskStatus', row.id) })),
  now,
});
