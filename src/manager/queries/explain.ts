import { nodeName } from '../../core/assign/shared.ts';
import { happeningsOf, summaryOf } from '../../core/explain/explain.ts';
import { ClusterModel } from '../../core/schedule/model.ts';
import { Verdicts } from '../../core/schedule/verdicts.ts';
import { isWanted, knownStatus } from '../../core/task/known.ts';
import type { KnownTask } from '../../core/task/known.ts';
import type { Task } from '../../model/task.ts';
import { slotKey } from '../../store/indexes.ts';
import type { View } from '../../store/store.ts';
import type { Explanation } from '../manager.ts';

/** Why a task is where it is, at this moment (milliseconds since the epoch). */
export const explainTask = (view: View, task: Task, now: number): Explanation => {
  const known = knownIn(view, task);
  const facts = {
    known,
    place: placeOf(view, task).map((row) => knownIn(view, row)),
    nodeName: (id: string) => {
      const node = view.get('node', id);
      return node === undefined ? id : nodeName(node);
    },
    now,
  };
  const pending = task.nodeId === undefined && isWanted(task) && task.waitingFor === undefined;
  return {
    task,
    status: known.status,
    summary: summaryOf(facts),
    refusals: pending ? refusalsOf(view, task, now) : [],
    history: happeningsOf(facts),
  };
};

const knownIn = (view: View, task: Task): KnownTask => ({
  task,
  status: knownStatus(task, view.get('taskStatus', task.id)),
});

const placeOf = (view: View, task: Task): readonly Task[] =>
  task.slot === undefined
    ? view.find('task', 'node', task.nodeId ?? '').filter(({ serviceId }) => serviceId === task.serviceId)
    : view.find('task', 'slot', slotKey(task.serviceId, task.slot));

/** Asks every node as the scheduler would. Worked out for people who ask, so the whole cluster may be walked. */
const refusalsOf = (view: View, task: Task, now: number) => {
  const model = new ClusterModel();
  for (const service of view.list('service')) model.setService(service.id, service);
  for (const node of view.list('node')) {
    model.setNode(node.id, node);
    model.setNodeStatus(node.id, view.get('nodeStatus', node.id));
  }
  for (const other of view.list('task')) {
    model.setTaskStatus(other.id, view.get('taskStatus', other.id), other, now);
    model.setTask(other.id, other);
  }
  return new Verdicts(model.groups.join(task).check, model.nodes.present).refusals();
};
