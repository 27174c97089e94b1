import type { Manager, TaskRecord } from '../../../manager/manager.ts';
import { unlessMissing } from '../../../model/errors.ts';
import { isJob } from '../../../model/service.ts';
import type { Service } from '../../../model/service.ts';
import { taskStates } from '../../../model/task.ts';
import { jsonText } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { selfNode } from '../context.ts';
import type { TaskSurroundings } from '../convert/task.ts';
import { lookup } from '../errors.ts';
import type { Filters } from '../filters.ts';
import { anyOf, checkChoice, labelled, prefixOf, readFilters } from '../filters.ts';
import { createKeptAnswer } from '../kept-answer.ts';
import { withEarlierErrors } from '../task-progress.ts';
import { createTaskTexts } from '../task-texts.ts';

const known = ['id', 'name', 'label', 'service', 'node', 'desired-state', 'runtime', '_up-to-date'];

/** Tables that a list of all tasks is made of. */
const madeOf = ['task', 'taskStatus', 'service', 'network', 'node', 'nodeStatus'] as const;

export const taskRoutes = (context: DockerContext): readonly Route[] => {
  const { queries } = context.manager;
  const textOf = createTaskTexts();
  const kept = createKeptAnswer();
  return [
    [
      'GET',
      '/tasks',
      (request) => {
        const text = (): string => {
          const surroundings = surroundingsOf(context.manager);
          return `[${listTasks(context, request)
            .map((record) => textOf(record, surroundings))
            .join(',')}]`;
        };
        return request.query.size === 0 ? kept(queries.generation(...madeOf), text) : jsonText(text());
      },
    ],
    [
      'GET',
      '/tasks/:id',
      (request) => {
        const id = paramOf(request, 'id');
        const record = lookup('task', id, () => queries.task(id));
        return jsonText(textOf(record, surroundingsOf(context.manager)));
      },
    ],
  ];
};

/** Looked up once per answer. */
const surroundingsOf = (manager: Manager): TaskSurroundings => {
  const networks = new Map(manager.queries.networks().map((network) => [network.id as string, network]));
  const service = serviceFinder(manager);
  return {
    network: (id) => networks.get(id),
    isJob: (serviceId) => {
      const found = service(serviceId);
      return found !== undefined && isJob(found.spec);
    },
  };
};

/** Asks for each service once, and only for those that are needed: there may be thousands. */
const serviceFinder = ({ queries }: Manager): ((id: string) => Service | undefined) => {
  const known = new Map<string, Service | undefined>();
  return (id) => {
    if (!known.has(id))
      known.set(
        id,
        unlessMissing(() => queries.service(id).service),
      );
    return known.get(id);
  };
};

const listTasks = (context: DockerContext, request: ApiRequest): readonly TaskRecord[] => {
  const { queries } = context.manager;
  const filters = readFilters(request, known);
  checkChoice(filters, 'desired-state', taskStates);
  const services = idsOf(filters, 'service', (reference) => queries.service(reference).service.id);
  const nodes = idsOf(filters, 'node', (reference) => nodeIdOf(context, reference));
  const fresh = filters.has('_up-to-date') ? freshness(context.manager) : undefined;
  const passes = ({ task, status }: TaskRecord): boolean =>
    (services?.has(task.serviceId) ?? true) &&
    (nodes?.has(task.nodeId ?? '') ?? true) &&
    prefixOf(filters, 'id', task.id) &&
    prefixOf(filters, 'name', `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}.${task.id}`) &&
    labelled(filters, 'label', task.serviceLabels) &&
    anyOf(filters, 'desired-state', (state) => state === task.desiredState) &&
    anyOf(filters, 'runtime', (runtime) => runtime === 'container') &&
    (fresh === undefined || anyOf(filters, '_up-to-date', (wanted) => fresh(task) === (wanted !== 'false'))) &&
    status.state !== 'remove';
  const found = candidates(context.manager, services, nodes);
  return (fresh === undefined ? found : withEarlierErrors(found)).filter(passes);
};

/** From the narrowest index that serves the filters. */
const candidates = (
  { queries }: Manager,
  services: ReadonlySet<string> | undefined,
  nodes: ReadonlySet<string> | undefined,
): readonly TaskRecord[] => {
  if (services !== undefined) return [...services].flatMap((serviceId) => queries.tasksOf({ serviceId }));
  if (nodes !== undefined) return [...nodes].flatMap((nodeId) => queries.tasksOf({ nodeId }));
  return queries.tasks();
};

/** Names and ids of a filter, resolved. Throws `not-found` as Docker does. */
const idsOf = (
  filters: Filters,
  name: string,
  resolve: (reference: string) => string,
): ReadonlySet<string> | undefined => {
  const given = filters.get(name);
  if (given === undefined) return undefined;
  return new Set(given.map((reference) => lookup(name, reference, () => resolve(reference))));
};

const nodeIdOf = (context: DockerContext, reference: string): string =>
  reference === 'self' ? (selfNode(context)?.node.id ?? '') : context.manager.queries.node(reference).node.id;

/** Whether a task is made from its service's newest specification. */
const freshness = (manager: Manager): ((task: TaskRecord['task']) => boolean) => {
  const service = serviceFinder(manager);
  return (task) => service(task.serviceId)?.specVersion === task.specVersion;
};
