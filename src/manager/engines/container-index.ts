import type { Definitions } from '../../platform/engine/types.generated.ts';
import { createCreationTimes } from './creation-times.ts';

type Summary = Definitions['ContainerSummary'];

/** A container of a node's engine, as it was last told of. */
export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly nodeId: string;
  readonly summary: Summary;
  /** When it was made, nanoseconds since the epoch, where its engine told: a summary has whole seconds. */
  readonly createdNanos?: number;
}

/** The containers of all nodes by id, beginning of an id, and name. A change costs what changes. */
export interface ContainerIndex {
  /** All that the node has; what is not among them goes. */
  replace(nodeId: string, summaries: readonly Summary[]): void;
  put(nodeId: string, summaries: readonly Summary[]): void;
  /** When a container was made, which may come before the container itself. */
  created(nodeId: string, id: string, nanos: number): void;
  remove(nodeId: string, id: string): void;
  drop(nodeId: string): void;
  get(nodeId: string, id: string): Entry | undefined;
  of(nodeId: string): readonly Entry[];
  count(nodeId: string): number;
  all(): readonly Entry[];
  named(name: string): readonly Entry[];
  /** Those whose id begins so. */
  beginning(prefix: string): readonly Entry[];
}

/** Ids are looked for by this much of their beginning; less than that is a walk over all. */
const bucketLength = 4;
const bucketOf = (id: string): string => id.slice(0, bucketLength);

export const createContainerIndex = (): ContainerIndex => {
  const nodes = new Map<string, Map<string, Entry>>();
  const names = createBuckets<Entry>();
  const buckets = createBuckets<Entry>();
  const times = createCreationTimes();

  /** Its place among the node's containers stays. */
  const unname = (nodeId: string, id: string): void => {
    const entry = nodes.get(nodeId)?.get(id);
    if (entry === undefined) return;
    names.remove(entry.name, entry);
    buckets.remove(bucketOf(id), entry);
  };
  const remove = (nodeId: string, id: string): void => {
    unname(nodeId, id);
    nodes.get(nodeId)?.delete(id);
    times.forget(nodeId, id);
  };
  const put = (nodeId: string, summary: Summary): void => {
    const { Id: id } = summary;
    if (id === undefined) return;
    unname(nodeId, id);
    const createdNanos = times.get(nodeId, id);
    const entry = { id, name: nameOf(summary), nodeId, summary, ...(createdNanos !== undefined && { createdNanos }) };
    let containers = nodes.get(nodeId);
    if (containers === undefined) nodes.set(nodeId, (containers = new Map<string, Entry>()));
    containers.set(id, entry);
    names.add(entry.name, entry);
    buckets.add(bucketOf(id), entry);
  };
  const of = (nodeId: string): readonly Entry[] => [...(nodes.get(nodeId)?.values() ?? [])];
  const all = (): readonly Entry[] => [...nodes.values()].flatMap((containers) => [...containers.values()]);

  return {
    replace: (nodeId, summaries) => {
      const told = new Set(summaries.map(({ Id }) => Id));
      const before = of(nodeId);
      for (const { id } of before) if (!told.has(id)) remove(nodeId, id);
      for (const { id } of before) unname(nodeId, id);
      // In the order of the engine, which knows it more exactly than a summary says.
      nodes.delete(nodeId);
      for (const summary of summaries) put(nodeId, summary);
      times.listed(nodeId, told);
    },
    put: (nodeId, summaries) => {
      for (const summary of summaries) put(nodeId, summary);
    },
    created: (nodeId, id, nanos) => {
      times.note(nodeId, id, nanos);
      const entry = nodes.get(nodeId)?.get(id);
      if (entry !== undefined) put(nodeId, entry.summary);
    },
    remove,
    drop: (nodeId) => {
      for (const { id } of of(nodeId)) remove(nodeId, id);
      nodes.delete(nodeId);
      times.drop(nodeId);
    },
    get: (nodeId, id) => nodes.get(nodeId)?.get(id),
    of,
    count: (nodeId) => nodes.get(nodeId)?.size ?? 0,
    all,
    named: (name) => names.get(name),
    beginning: (prefix) =>
      (prefix.length < bucketLength ? all() : buckets.get(bucketOf(prefix))).filter(({ id }) => id.startsWith(prefix)),
  };
};

/** A container's own name: with old links it has names of the form `/other/alias` besides. */
const nameOf = ({ Names = [] }: Summary): string =>
  (Names.find((name) => name.lastIndexOf('/') === 0) ?? Names[0] ?? '').slice(1);

const createBuckets = <Item>() => {
  const buckets = new Map<string, Set<Item>>();
  return {
    add: (key: string, item: Item): void => {
      const bucket = buckets.get(key);
      if (bucket === undefined) buckets.set(key, new Set([item]));
      else bucket.add(item);
    },
    remove: (key: string, item: Item): void => {
      const bucket = buckets.get(key);
      bucket?.delete(item);
      if (bucket?.size === 0) buckets.delete(key);
    },
    get: (key: string): readonly Item[] => [...(buckets.get(key) ?? [])],
  };
};
