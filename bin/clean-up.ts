import { clusterLabel } from '../src/agent/executor/labels.ts';
import type { CleanUp } from '../src/host/leave.ts';
import { createEngineClient } from '../src/platform/engine/client.ts';

/** Removes the cluster's containers and networks from this machine's engine. */
export const cleanUp: CleanUp = async ({ engine, clusterId }, signal) => {
  using client = createEngineClient(engine);
  const options = signal === undefined ? {} : { signal };
  const labels = [`${clusterLabel}=${clusterId}`];
  const containers = await client.listContainers(labels, options);
  await Promise.all(containers.map(({ id }) => client.removeContainer(id, options)));
  const networks = await client.listNetworks(labels, options);
  await Promise.all(networks.map(({ id }) => client.removeNetwork(id, options)));
  return [count(containers.length, 'container'), count(networks.length, 'network')];
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
