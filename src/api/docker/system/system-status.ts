import type { NodeRecord } from '../../../manager/manager.ts';
import { overcommitOf } from '../../../model/cluster.ts';
import { nodeName } from '../../../model/node.ts';
import type { DockerContext } from '../context.ts';

type Row = readonly [string, string];

/** The filters that place containers (core/place/filters), in classic Swarm's words. */
const filters = 'health, port, containerslots, dependency, affinity, constraint';

/** The nodes as rows of two texts, as classic Swarm gave them; `docker info` shows them as they are. */
export const systemStatusOf = (context: DockerContext, nodes: readonly NodeRecord[]): readonly Row[] => {
  const { spec } = context.manager.queries.cluster();
  return [
    ['Role', 'primary'],
    ['Strategy', spec.strategy],
    ['Overcommit', `${Math.round(overcommitOf(spec) * 100)}%`],
    ['Filters', filters],
    ['Nodes', String(nodes.length)],
    ...nodes
      .toSorted((left, right) => (nodeName(left.node) < nodeName(right.node) ? -1 : 1))
      .flatMap((record) => rowsOf(context, record)),
  ];
};

const rowsOf = ({ manager }: DockerContext, record: NodeRecord): readonly Row[] => {
  const { node, status } = record;
  const states = manager.inventory.of(node.id).map(({ summary }) => summary.State);
  const running = states.filter((state) => state === 'running' || state === 'restarting').length;
  const paused = states.filter((state) => state === 'paused').length;
  const stopped = states.length - running - paused;
  const used = manager.containers.reserved(node.id);
  const { nanoCpus = 0, memoryBytes = 0 } = node.description?.resources ?? {};
  const rows: readonly Row[] = [
    ['ID', node.id],
    ['Status', healthOf(record)],
    ['Containers', `${states.length} (${running} Running, ${paused} Paused, ${stopped} Stopped)`],
    ['Reserved CPUs', `${decimals(used.nanoCpus / 1e9)} / ${decimals(nanoCpus / 1e9)}`],
    ['Reserved Memory', `${sizeOf(used.memoryBytes)} / ${sizeOf(memoryBytes)}`],
    ['Labels', labelsOf(record)],
    ['ServerVersion', node.description?.engine.version ?? ''],
  ];
  const address = node.description?.address ?? status.address ?? '';
  return [[` ${nodeName(node)}`, address], ...rows.map(([name, text]): Row => [`  └ ${name}`, text])];
};

const healthOf = ({ node, status }: NodeRecord): string => {
  if (status.state !== 'ready') return `${status.state}${status.message === '' ? '' : `: ${status.message}`}`;
  return node.spec.availability === 'active' ? 'Healthy' : `Healthy, ${node.spec.availability}`;
};

const labelsOf = ({ node }: NodeRecord): string => {
  const { engine } = node.description ?? {};
  const facts = {
    executiondriver: 'native',
    kernelversion: engine?.kernelVersion,
    operatingsystem: engine?.operatingSystem,
    storagedriver: engine?.storageDriver,
    ...engine?.labels,
    ...node.spec.labels,
  };
  return Object.entries(facts)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
    .toSorted()
    .join(', ');
};

const decimals = (amount: number): string => String(Math.round(amount * 100) / 100);

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

const sizeOf = (bytes: number): string => {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${Number(size.toPrecision(4))} ${units[unit]}`;
};
