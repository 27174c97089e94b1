import type { AssignedEndpoint, AssignedPeer } from '../../model/assignment.ts';
import type { PeerReach, TaskReach } from '../../model/doctor.ts';
import { inTurns } from '../../rpc/in-turns.ts';
import type { Exec } from '../network/ports.ts';
import type { DoctorPorts, NetworkView } from './ports.ts';

/** Milliseconds there and back; undefined: no answer. */
export type Ping = (address: string, options: readonly string[], inside?: number) => Promise<number | undefined>;

/** By the node's own `ping`, also inside of a container's network. */
export const createPing =
  (exec: Exec, signal: AbortSignal): Ping =>
  async (address, options, inside) => {
    const words = ['ping', '-n', '-c', '1', '-W', '1', ...options, address];
    const [command = '', ...args] = inside === undefined ? words : ['nsenter', '-t', String(inside), '-n', ...words];
    const { code, stdout } = await exec(command, args, { timeoutMs: 3_000, signal });
    signal.throwIfAborted();
    const time = /time=([\d.]+) ms/.exec(stdout)?.[1];
    return code === 0 && time !== undefined ? Number(time) : undefined;
  };

/** More are not tried at one time, on one node. */
export const mostPeers = 32;
const mostTasks = 32;
const perNetwork = 8;
const atOnce = 8;
/** Headers of IPv4 and ICMP. */
const headers = 28;

export async function reachPeers({ self, peers, seals, endpoints }: NetworkView, ping: Ping): Promise<PeerReach[]> {
  if (self === undefined) return [];
  const from = ['-I', self.overlayAddress];
  /** Nodes have the overlay's IPv6 addresses while they have tasks on networks with IPv6. */
  const dual = new Set(endpoints.flatMap(({ nodeId, address6 }) => (address6 === undefined ? [] : [nodeId as string])));
  const in6 = async ({ id, overlayAddress6 }: AssignedPeer): Promise<boolean | undefined> =>
    overlayAddress6 === undefined || self.overlayAddress6 === undefined || !dual.has(id) || !dual.has(self.id)
      ? undefined
      : (await ping(overlayAddress6, ['-I', self.overlayAddress6])) !== undefined;
  const one = async (peer: AssignedPeer): Promise<PeerReach> => {
    const { name, address, overlayAddress } = peer;
    const [overlay6, underlayMs, overlayMs, full] = await Promise.all([
      in6(peer),
      ping(address, []),
      ping(overlayAddress, from),
      ping(overlayAddress, [...from, '-M', 'do', '-s', String(self.overlayMtu - headers)]),
    ]);
    const seal = seals.get(address);
    return {
      name,
      ...(underlayMs !== undefined && { underlayMs }),
      ...(overlayMs !== undefined && { overlayMs }),
      whole: full !== undefined,
      ...(overlay6 !== undefined && { overlay6 }),
      encryption: seal?.seal ?? 'open',
      ...(seal?.wanted === true && seal.handshake === undefined && { silent: true }),
    };
  };
  return await inTurns(chosen(peers, self.id), atOnce, one);
}

/** Those after this node in the order of ids: over all nodes every pair is tried from somewhere. */
function chosen(peers: readonly AssignedPeer[], selfId: string): AssignedPeer[] {
  const sorted = peers.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const first = sorted.findIndex(({ id }) => id > selfId);
  return [...sorted.slice(Math.max(first, 0)), ...sorted.slice(0, Math.max(first, 0))].slice(0, mostPeers);
}

interface Pair {
  readonly network: string;
  readonly process: number;
  readonly from: AssignedEndpoint;
  readonly to: AssignedEndpoint;
  /** Of either family. */
  readonly address: string;
}

/** From one task of this node on each network to some of the ready tasks there, those of other nodes first. */
export async function reachTasks(
  { self, networks, endpoints }: NetworkView,
  { engine }: Pick<DoctorPorts, 'engine'>,
  ping: Ping,
  signal: AbortSignal,
): Promise<TaskReach[]> {
  const pairs: Pair[] = [];
  for (const { id, name } of networks) {
    const ready = endpoints.filter((endpoint) => endpoint.networkId === id && endpoint.ready);
    const from = ready.find(({ nodeId, serviceId }) => nodeId === self?.id && serviceId !== undefined);
    const process = from === undefined ? undefined : await engine.processOf(from.taskId, signal);
    if (from === undefined || process === undefined) continue;
    const others = ready.filter((endpoint) => endpoint !== from);
    const sorted = others.toSorted((a, b) => Number(a.nodeId === self?.id) - Number(b.nodeId === self?.id));
    for (const to of sorted.slice(0, perNetwork)) {
      const addresses = [to.address, ...(from.address6 === undefined ? [] : [to.address6])];
      for (const address of addresses)
        if (address !== undefined) pairs.push({ network: name, process, from, to, address });
    }
  }
  return await inTurns(pairs.slice(0, mostTasks), atOnce, async ({ network, process, from, to, address }) => {
    const ms = await ping(address, [], process);
    const reach = { network, from: nameOf(from), to: nameOf(to), address };
    return ms === undefined ? reach : { ...reach, ms };
  });
}

const nameOf = ({ taskNames, names, taskId }: AssignedEndpoint): string => taskNames[0] ?? names[0] ?? taskId;
