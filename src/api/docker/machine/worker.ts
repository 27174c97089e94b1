import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { ask, replyOf, textOf } from './pass-on.ts';
import type { MachinePorts, Membership } from './ports.ts';

/** Docker's own words. */
const notManager =
  "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.";

const clusterPaths = /^\/(?:swarm|nodes|services|tasks|secrets|configs)(?:\/|$)/;

/** What a worker's socket answers: the engine's own, as a member of a cluster that others manage. `path` has no version. */
export const answerAsWorker = async (
  ports: MachinePorts,
  member: Membership,
  request: ApiRequest,
  path: string,
): Promise<Reply> => {
  if (clusterPaths.test(path)) return json({ message: notManager }, 503);
  const response = await ask(ports.engine, request);
  if (path === '/_ping') {
    return replyOf({ ...response, headers: { ...response.headers, swarm: 'active/worker' } });
  }
  if (path !== '/info' || response.status !== 200) return replyOf(response);
  const info = JSON.parse(await textOf(response)) as Record<string, unknown>;
  const { 'content-length': _length, ...headers } = response.headers ?? {};
  const text = `${JSON.stringify({ ...info, Swarm: swarmOf(member) })}\n`;
  return { kind: 'text', status: 200, text, headers };
};

const swarmOf = ({ nodeId, address, managers }: Membership) => ({
  NodeID: nodeId,
  NodeAddr: address,
  LocalNodeState: 'active',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: managers.map((manager) => ({ NodeID: '', Addr: manager })),
});
