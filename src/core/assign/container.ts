import type { AssignedEndpoint } from '../../model/assignment.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { sixthOf } from './address6.ts';
import type { FindNetwork } from './address6.ts';
import { shortId } from './names.ts';
import { servedByContainer } from './served.ts';

/** What a single container makes its node need, and where it is found. */
export interface ContainerShare {
  readonly nodeId: NodeId;
  readonly networks: readonly string[];
  readonly endpoints: readonly AssignedEndpoint[];
}

export interface ContainerFacts {
  readonly running: boolean;
  readonly nodeDown: boolean;
  /** Absent where its node has no IPv6. */
  readonly network?: FindNetwork | undefined;
}

/**
 * Its networks stay on its node whether or not it runs: its engine may start it again by itself. Its names are its own,
 * the beginning of its id, and its aliases; they resolve while it runs.
 */
export const containerShare = (
  { id, nodeId, engineId, spec, attachments = [] }: SingleContainer,
  { running, nodeDown, network }: ContainerFacts,
): ContainerShare => {
  const servers = serversOf(spec.request);
  const ports = servedByContainer(spec);
  return {
    nodeId,
    networks: attachments.map(({ networkId }) => networkId),
    endpoints: attachments.map(({ networkId, address, address6, aliases = [], links }) => ({
      kind: 'endpoint',
      id: `${networkId}/${id}`,
      networkId,
      taskId: id as TaskId,
      nodeId,
      address,
      ...sixthOf(network?.(networkId), { address, address6 }),
      names: [...aliases],
      taskNames: engineId === undefined ? [spec.name] : [spec.name, shortId(engineId)],
      ready: running && !nodeDown,
      ...(servers.length > 0 && { servers: [...servers] }),
      ...(links !== undefined && { links: [...links] }),
      ...ports,
    })),
  };
};

/** `--dns` */
const serversOf = (request: SingleContainer['spec']['request']): readonly string[] => {
  const host = request['HostConfig'];
  const servers = typeof host === 'object' && host !== null && 'Dns' in host ? host.Dns : undefined;
  return Array.isArray(servers) ? servers.filter((each) => typeof each === 'string') : [];
};
