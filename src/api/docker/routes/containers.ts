import type { TaskRecord } from '../../../manager/manager.ts';
import type { ContainerStatus } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { sparse } from '../convert/sparse.ts';
import { anyOf, checkChoice, labelled, prefixOf, readFilters } from '../filters.ts';

type Summary = Definitions['ContainerSummary'];

const known = ['id', 'name', 'label', 'status', 'ancestor'];
const states = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

/**
 * The list of containers: those of the cluster's services, as the agents told of them, over all nodes. Everything else
 * about single containers is not here yet.
 */
export const containerRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/containers/json', (request) => json(listContainers(context, request))],
];

const listContainers = ({ manager, clock }: DockerContext, request: ApiRequest): readonly Summary[] => {
  const filters = readFilters(request, known);
  checkChoice(filters, 'status', states);
  const everything = ['1', 'true'].includes(request.query.get('all') ?? '') || filters.has('status');
  const nodes = new Map(manager.queries.nodes().map(({ node }) => [node.id as string, node]));
  const hostname = (id: string): string => nodes.get(id)?.spec.name ?? nodes.get(id)?.description?.hostname ?? id;
  return manager.queries
    .tasks()
    .flatMap((record) =>
      record.status.containers.flatMap((container) => summaryOf(record, container, hostname, clock.now())),
    )
    .filter(
      ({ Id = '', Names = [], Labels, State = '', Image = '' }) =>
        (everything || State === 'running') &&
        prefixOf(filters, 'id', Id) &&
        anyOf(filters, 'name', (wanted) => Names.some((name) => name.slice(1).includes(wanted))) &&
        anyOf(filters, 'status', (wanted) => wanted === State) &&
        anyOf(filters, 'ancestor', (wanted) => wanted === Image) &&
        labelled(filters, 'label', Labels),
    );
};

const summaryOf = (
  { task, status }: TaskRecord,
  container: ContainerStatus,
  hostname: (nodeId: string) => string,
  now: number,
): readonly Summary[] => {
  if (container.containerId === undefined || task.nodeId === undefined) return [];
  const running = status.state === 'running' && container.exitCode === undefined;
  const state: Summary['State'] = running ? 'running' : status.state === 'starting' ? 'created' : 'exited';
  const name = `${task.serviceName}.${task.slot ?? task.nodeId}.${task.id}`;
  const spec = task.spec.containers.find(({ name: own }) => own === container.name);
  return [
    sparse({
      Id: container.containerId,
      // As classic Swarm shows it: the node, then the name on its engine.
      Names: [`/${hostname(task.nodeId)}/${container.name === 'main' ? name : `${name}.${container.name}`}`],
      Image: spec?.image ?? '',
      ImageID: '',
      Command: [...(spec?.entrypoint ?? []), ...(spec?.command ?? [])].join(' '),
      Created: Math.floor(task.createdAt / 1000),
      Ports: [],
      Labels: {
        ...spec?.labels,
        'com.docker.swarm.node.id': task.nodeId,
        'com.docker.swarm.service.id': task.serviceId,
        'com.docker.swarm.service.name': task.serviceName,
        'com.docker.swarm.task.id': task.id,
        'com.docker.swarm.task.name': name,
      },
      State: state,
      Status: running ? runningFor(now - status.timestamp, container.health) : `Exited (${container.exitCode ?? 0})`,
      HostConfig: { NetworkMode: 'default' },
      NetworkSettings: { Networks: {} },
      Mounts: [],
    }),
  ];
};

const runningFor = (ms: number, health: ContainerStatus['health']): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const span =
    seconds < 120
      ? `${seconds} seconds`
      : seconds < 7200
        ? `${Math.floor(seconds / 60)} minutes`
        : `${Math.floor(seconds / 3600)} hours`;
  return `Up ${span}${health === undefined || health === 'none' ? '' : ` (${health})`}`;
};
