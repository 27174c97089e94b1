import { stackLabel } from '../model/stack.ts';
import type { Labels } from '../model/object.ts';
import type { Indexes, Table, Tables } from './store.ts';

export interface IndexDefinition<Row> {
  /** The row's key in this index; undefined leaves the row out. */
  readonly key: (row: Row) => string | undefined;
  /** At most one row per key. */
  readonly unique?: boolean;
  /** Keys are compared without case. */
  readonly fold?: boolean;
  /** Whether both have the same key, told without making it: for keys that are put together. */
  readonly isSame?: (left: Row, right: Row) => boolean;
}

type Definitions = { readonly [Name in Table]: { readonly [Index in Indexes[Name]]: IndexDefinition<Tables[Name]> } };

interface Named {
  readonly spec: { readonly name: string; readonly labels?: Labels | undefined };
}

const named = {
  name: { key: (row: Named) => row.spec.name.toLowerCase(), unique: true, fold: true },
  stack: { key: (row: Named) => row.spec.labels?.[stackLabel] },
} as const;

/** Key of a slot in the task index `slot`. */
export const slotKey = (serviceId: string, slot: number): string => `${serviceId}/${slot}`;

/** Every secondary index: how a row gives its key. */
export const indexDefinitions: Definitions = {
  cluster: {},
  node: {
    /** The name shown for the node. Machines may share a hostname, so it is not unique. */
    name: { key: (node) => (node.spec.name ?? node.description?.hostname)?.toLowerCase(), fold: true },
    /** Several may say that one is theirs, see the row's `refused`. */
    address: { key: (node) => node.description?.address },
    publicKey: { key: (node) => node.description?.publicKey },
  },
  service: named,
  task: {
    service: { key: (task) => task.serviceId },
    node: { key: (task) => task.nodeId },
    slot: {
      key: (task) => (task.slot === undefined ? undefined : slotKey(task.serviceId, task.slot)),
      isSame: (left, right) => left.slot === right.slot && left.serviceId === right.serviceId,
    },
  },
  network: {
    ...named,
    name: { ...named.name, key: ({ spec }) => (spec.duplicate ? undefined : named.name.key({ spec })) },
  },
  secret: named,
  config: named,
  client: {},
  container: {
    /** Unlike other names, with their case: `web` and `Web` are two, as on an engine. */
    name: { key: (container) => container.spec.name, unique: true },
    node: { key: (container) => container.nodeId },
    engine: { key: (container) => container.engineId },
  },
  volume: {
    /** Several nodes may have a volume of one name. */
    name: { key: (volume) => volume.spec.name },
    node: { key: (volume) => volume.nodeId },
  },
  route: {},
  taskStatus: { node: { key: (status) => status.nodeId } },
  nodeStatus: { state: { key: (status) => status.state } },
  containerStatus: {},
};
