import type { Manager, TaskRecord } from '../../../manager/manager.ts';
import { stackLabel } from '../../../model/stack.ts';
import { isTerminal } from '../../../model/task.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { findTask } from '../find.ts';
import { explanationView, namesOf, taskView } from '../views.ts';

/** `GET /tasks?service=&node=&stack=&all=1`: without `all` only tasks that are wanted or still there. */
export const taskRoutes = ({ manager }: WebContext): readonly Route[] => [
  [
    'GET',
    '/tasks',
    (request) => {
      const names = namesOf(manager);
      return json(select(request, manager).map((record) => taskView(record, names)));
    },
  ],
  ['GET', '/tasks/:task', (request) => json(taskView(findTask(manager, paramOf(request, 'task')), namesOf(manager)))],
  [
    'GET',
    '/tasks/:task/explain',
    (request) => {
      const { task } = findTask(manager, paramOf(request, 'task'));
      return json(explanationView(manager.queries.explain(task.id), namesOf(manager)));
    },
  ],
];

const select = (request: ApiRequest, manager: Manager): readonly TaskRecord[] => {
  const service = request.query.get('service');
  const node = request.query.get('node');
  const stack = request.query.get('stack');
  const nodeId = node === null ? undefined : manager.queries.node(node).node.id;
  const all = flagOf(request, 'all');
  return candidates(manager, service, nodeId)
    .filter(({ task }) => nodeId === undefined || task.nodeId === nodeId)
    .filter(({ task }) => stack === null || task.serviceLabels?.[stackLabel] === stack)
    .filter(({ task, status }) => all || isWanted(task.desiredState) || !isTerminal(status.state))
    .toSorted(byPlace);
};

const candidates = (manager: Manager, service: string | null, nodeId: string | undefined): readonly TaskRecord[] => {
  const { queries } = manager;
  if (service !== null) return queries.tasksOf({ serviceId: manager.queries.service(service).service.id });
  return nodeId === undefined ? queries.tasks() : queries.tasksOf({ nodeId });
};

const isWanted = (desired: TaskRecord['task']['desiredState']): boolean =>
  desired === 'running' || desired === 'ready' || desired === 'complete';

/** By service, slot and age, the newest first. */
const byPlace = (left: TaskRecord, right: TaskRecord): number =>
  compare(left.task.serviceName, right.task.serviceName) ||
  (left.task.slot ?? 0) - (right.task.slot ?? 0) ||
  compare(left.task.nodeId ?? '', right.task.nodeId ?? '') ||
  right.task.createdAt - left.task.createdAt;

const compare = (left: string, right: string): number => (left < right ? -1 : Number(left > right));
