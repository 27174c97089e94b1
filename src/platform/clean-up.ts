import { clusterLabel } from '../agent/executor/labels.ts';
import type { EngineClient } from './engine/client.ts';
import type { Exec } from './exec.ts';

export interface CleanUpPorts {
  readonly engine: Pick<EngineClient, 'listContainers' | 'removeContainer'>;
  readonly network: {
    removeAll(
      signal?: AbortSignal,
    ): Promise<{ readonly networks: readonly string[]; readonly busy: readonly string[] }>;
  };
  readonly clusterId: string;
  /** Where files of tasks are: a memory file system may be mounted on it. */
  readonly taskFiles: string;
  readonly exec: Exec;
}

const counted = (count: number, noun: string): string[] =>
  count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];

/** Removes the cluster's containers, networks and rules from this machine; says in words what it removed. */
export const cleanUp = async (
  { engine, network, clusterId, taskFiles, exec }: CleanUpPorts,
  signal?: AbortSignal,
): Promise<readonly string[]> => {
  const containers = await engine.listContainers([`${clusterLabel}=${clusterId}`], { signal });
  const removed = await Promise.all(containers.map(async ({ id }) => await engine.removeContainer(id, { signal })));
  const { networks, busy } = await network.removeAll(signal);
  // It fails where nothing is mounted: then there is nothing to do.
  await exec('umount', [taskFiles]);
  return [
    ...counted(removed.filter(Boolean).length, 'container'),
    ...counted(networks.length, 'network'),
    ...(busy.length > 0 ? [`nothing of ${busy.join(', ')}: other containers are on it`] : []),
  ];
};
