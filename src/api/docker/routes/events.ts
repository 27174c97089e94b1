import type { ClusterEvent, Manager } from '../../../manager/manager.ts';
import { stream } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { sparse } from '../convert/sparse.ts';
import type { Filters } from '../filters.ts';
import { anyOf, labelled, readFilters } from '../filters.ts';
import { readMoment } from '../input.ts';

/** Filters by the name or id of one kind of object. Kinds that the cluster has no events of fit nothing. */
const kinds = ['config', 'network', 'node', 'secret', 'service'] as const;
const foreignKinds = ['container', 'daemon', 'image', 'plugin', 'volume'];

export const eventRoutes = ({ manager }: DockerContext): readonly Route[] => [
  ['GET', '/events', (request) => stream(eventsOf(request, manager), 'application/json')],
];

const eventsOf = (request: ApiRequest, { events }: Manager): AsyncIterable<string> => {
  const filters = readFilters(request, ['event', 'label', 'scope', 'type', ...kinds, ...foreignKinds]);
  const since = readMoment(request, 'since');
  const until = readMoment(request, 'until');
  return lines(events.stream({ ...sparse({ since, until }), signal: request.signal }), filters);
};

async function* lines(events: AsyncIterable<ClusterEvent>, filters: Filters): AsyncGenerator<string> {
  for await (const event of events) if (passes(event, filters)) yield `${JSON.stringify(messageOf(event))}\n`;
}

/** Docker has no events of tasks; whoever asks for them by type gets them. */
const passes = (event: ClusterEvent, filters: Filters): boolean =>
  (event.type !== 'task' || filters.get('type')?.includes('task') === true) &&
  anyOf(filters, 'type', (type) => type === event.type) &&
  anyOf(filters, 'event', (action) => action === event.action) &&
  anyOf(filters, 'scope', (scope) => scope === 'swarm') &&
  labelled(filters, 'label', event.attributes) &&
  kinds.every((kind) =>
    anyOf(
      filters,
      kind,
      (wanted) => event.type === kind && (event.id.startsWith(wanted) || event.name.startsWith(wanted)),
    ),
  ) &&
  foreignKinds.every((kind) => !filters.has(kind));

const messageOf = (event: ClusterEvent) => ({
  Type: event.type,
  Action: event.action,
  Actor: { ID: event.id, Attributes: { ...event.attributes, name: event.name } },
  scope: 'swarm',
  time: Math.floor(event.timestamp / 1000),
  timeNano: event.timestamp * 1e6,
});
