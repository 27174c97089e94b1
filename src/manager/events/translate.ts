import { nodeName } from '../../model/node.ts';
import type { Node } from '../../model/node.ts';
import type { Labels } from '../../model/object.ts';
import type { Service } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import type { Change, ChangeOf, Commit, View } from '../../store/store.ts';
import type { ClusterEvent } from '../manager.ts';

/** What a commit means to people. `view` has the state after it. */
export const eventsOf = (commit: Commit, view: View, timestamp: number): readonly ClusterEvent[] =>
  commit.changes.flatMap((change) => {
    const event = translate(change, view);
    return event === undefined ? [] : [{ ...event, timestamp }];
  });

type Untimed = Omit<ClusterEvent, 'timestamp'>;

const translate = (change: Change, view: View): Untimed | undefined => {
  switch (change.table) {
    case 'node':
      return nodeEvent(change);
    case 'service':
      return serviceEvent(change);
    case 'task':
      return taskEvent(change);
    case 'network':
      return networkEvent(change);
    case 'secret':
    case 'config':
      return namedEvent(change.table, change);
    case 'taskStatus':
      return taskStateEvent(change, view);
    case 'nodeStatus':
      return nodeStateEvent(change, view);
    case 'volume':
      return volumeEvent(change);
    case 'cluster':
    case 'container':
    case 'containerStatus':
    case 'client':
    case 'route':
      return undefined;
  }
};

const actionOf = ({
  before,
  after,
}: {
  readonly before?: unknown;
  readonly after?: unknown;
}): ClusterEvent['action'] => (before === undefined ? 'create' : after === undefined ? 'remove' : 'update');

type Plain = string | number | boolean | undefined;

/** `<key>.old` and `<key>.new` where the two differ. */
const difference = (key: string, before: Plain, after: Plain): Labels =>
  before === undefined || after === undefined || before === after
    ? {}
    : { [`${key}.old`]: String(before), [`${key}.new`]: String(after) };

const nodeEvent = (change: ChangeOf<'node'>): Untimed | undefined => {
  const { id, before, after } = change;
  const node = after ?? before;
  if (node === undefined || before?.spec === after?.spec) return undefined;
  return {
    type: 'node',
    action: actionOf(change),
    id,
    name: nodeName(node),
    attributes: {
      ...difference('availability', before?.spec.availability, after?.spec.availability),
      ...difference('role', before?.spec.role, after?.spec.role),
    },
  };
};

const replicas = (service: Service | undefined): number | undefined =>
  service?.spec.mode.kind === 'replicated' ? service.spec.mode.replicas : undefined;

const serviceEvent = (change: ChangeOf<'service'>): Untimed | undefined => {
  const { id, before, after } = change;
  const service = after ?? before;
  if (service === undefined) return undefined;
  return {
    type: 'service',
    action: actionOf(change),
    id,
    name: service.spec.name,
    attributes: {
      ...difference('replicas', replicas(before), replicas(after)),
      ...difference('image', imageOf(before), imageOf(after)),
      ...difference('updatestate', before?.updateStatus?.state ?? 'none', after?.updateStatus?.state ?? 'none'),
    },
  };
};

const imageOf = (service: Service | undefined): string | undefined => service?.spec.task.containers[0]?.image;

const taskName = (task: Task): string => `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}.${task.id}`;

/** A task that was made, given a node, or forgotten. How it fares is in its status. */
const taskEvent = (change: ChangeOf<'task'>): Untimed | undefined => {
  const { id, before, after } = change;
  const task = after ?? before;
  if (task === undefined) return undefined;
  const made = before === undefined || after === undefined;
  if (!made && before.nodeId === after.nodeId && before.desiredState === after.desiredState) return undefined;
  return {
    type: 'task',
    action: actionOf(change),
    id,
    name: taskName(task),
    attributes: {
      ...taskAttributes(task),
      ...difference('desired', before?.desiredState, after?.desiredState),
    },
  };
};

const taskAttributes = (task: Task): Labels => ({
  service: task.serviceId,
  ...(task.nodeId === undefined ? {} : { node: task.nodeId }),
});

const taskStateEvent = ({ id, before, after }: ChangeOf<'taskStatus'>, view: View): Untimed | undefined => {
  const task = view.get('task', id);
  if (task === undefined || after === undefined) return undefined;
  if (before?.state === after.state && before.ready === after.ready) return undefined;
  return {
    type: 'task',
    action: 'update',
    id,
    name: taskName(task),
    attributes: {
      ...taskAttributes(task),
      ...difference('state', before?.state ?? 'new', after.state),
      ...difference('ready', before?.ready ?? false, after.ready),
    },
  };
};

const nodeStateEvent = ({ id, before, after }: ChangeOf<'nodeStatus'>, view: View): Untimed | undefined => {
  const node: Node | undefined = view.get('node', id);
  if (node === undefined || after === undefined || before?.state === after.state) return undefined;
  return {
    type: 'node',
    action: 'update',
    id,
    name: nodeName(node),
    attributes: difference('state', before?.state ?? 'unknown', after.state),
  };
};

/** Of promised ones: what an engine has, it tells of itself. */
const volumeEvent = (change: ChangeOf<'volume'>): Untimed | undefined => {
  const { id, before, after } = change;
  const promised =
    after === undefined ? before?.nodeId === undefined : before === undefined && after.nodeId === undefined;
  const row = after ?? before;
  if (row === undefined || !promised) return undefined;
  const { name, driver } = row.spec;
  return { type: 'volume', action: actionOf(change), id, name, attributes: { driver } };
};

const networkEvent = (change: ChangeOf<'network'>): Untimed | undefined => {
  const spec = (change.after ?? change.before)?.spec;
  if (spec === undefined) return undefined;
  const type = spec.shownDriver ?? spec.driver;
  return { type: 'network', action: actionOf(change), id: change.id, name: spec.name, attributes: { type } };
};

const namedEvent = (
  type: 'secret' | 'config',
  change: ChangeOf<'secret'> | ChangeOf<'config'>,
): Untimed | undefined => {
  const row = change.after ?? change.before;
  if (row === undefined) return undefined;
  return { type, action: actionOf(change), id: change.id, name: row.spec.name, attributes: {} };
};
