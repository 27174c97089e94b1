import type { NodeRecord } from '../../../manager/manager.ts';
import { nodeName } from '../../../model/node.ts';

/** Where a container is, as classic Swarm added it to what an engine says. */
export const nodeField = ({ node, status }: NodeRecord) => ({
  ID: node.id,
  IP: node.description?.address ?? status.address ?? '',
  Addr: node.description?.address ?? status.address ?? '',
  Name: nodeName(node),
  Cpus: Math.round((node.description?.resources.nanoCpus ?? 0) / 1e9),
  Memory: node.description?.resources.memoryBytes ?? 0,
  Labels: { ...node.description?.engine.labels, ...node.spec.labels },
});
