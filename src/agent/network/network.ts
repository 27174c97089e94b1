import type { AttachmentFollower } from '../attachments/ports.ts';
import type { NetworkView } from '../doctor/ports.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { unlessAborted } from '../../rpc/abortable.ts';
import { every } from '../../rpc/every.ts';
import { createBridgeKeeper } from './bridges/keeper.ts';
import type { RemovedNetworks } from './bridges/keeper.ts';
import { assigned, assignedSelf, liveEndpoints, pruned } from './endpoints.ts';
import type { Assignments, Wanted } from './endpoints.ts';
import { createKernelKeeper } from './kernel-keeper.ts';
import { createFindings } from './findings.ts';
import { createFlows } from './flows/flows.ts';
import { createGuard } from './guard/guard.ts';
import { areMoreReady, isOneMoreReady } from './haste.ts';
import type { DockerNetworks, Exec, KernelSettings, PreparedNetwork, Resolver } from './ports.ts';
import type { KeyStore, WatchDevice } from './tunnel/ports.ts';
import { mustSeal } from './tunnel/seal.ts';
import type { SealTimes } from './tunnel/seal.ts';
import { createTunnel } from './tunnel/tunnel.ts';

export interface NetworkPorts {
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly docker: DockerNetworks;
  /** Tells which containers are on the networks. */
  readonly attachments: AttachmentFollower;
  readonly resolver: Resolver;
  /** Where the keys of the encryption between nodes are. */
  readonly keys: KeyStore;
  readonly watch: WatchDevice;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the kernel is compared whole with what it should have. Default: 30 s. */
  readonly checkMs?: number;
  /** How long encryption takes to be turned on and off. Default: some ten seconds. */
  readonly sealTimes?: SealTimes;
}

/** The node's networks, routes, rules and names. What it made stays when it is disposed of: only `removeAll` removes. */
export interface AgentNetwork extends AsyncDisposable {
  /** Takes the whole set; returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** What is seen of this node's tasks counts more than what the manager knows of them. */
  observe(observation: TaskObservation): void;
  /**
   * Resolves when containers can be put on these networks: bridge, rules and resolver are there. Routes to other tasks may
   * come a moment later, as they do for tasks that run.
   * @throws TuttiError `not-found` for a network that is not assigned, `conflict` where its subnet is taken.
   */
  ensure(networkIds: readonly NetworkId[], signal?: AbortSignal): Promise<ReadonlyMap<NetworkId, PreparedNetwork>>;
  /** Public half of the key that other nodes encrypt for; undefined where this machine has no WireGuard. */
  publicKey(signal?: AbortSignal): Promise<string | undefined>;
  /** Makes another key: it takes the place of the one in use when the other nodes know it. */
  rotateKey(): Promise<void>;
  /** What it knows and found, for those who look for faults. */
  view(): NetworkView;
  /** Compares everything now; resolves when it is as it should be, rejects with why it is not. */
  compare(): Promise<void>;
  /** Resolves when the names of what was applied until now are answered. */
  named(signal: AbortSignal): Promise<void>;
  /** Resolves when what was applied until now is in force. */
  settled(): Promise<void>;
  /** Removes every kernel object and engine network of ours, and nothing else. Nothing may be applied afterwards. */
  removeAll(signal?: AbortSignal): Promise<RemovedNetworks>;
}

export function createNetwork(ports: NetworkPorts): AgentNetwork {
  const { resolver, clock, checkMs = 30_000 } = ports;
  let wanted: Wanted = { assignments: new Map(), observations: new Map() };
  const findings = createFindings(clock);
  const tunnel = createTunnel({ ...ports, findings }, () => wanted.assignments);
  const flows = createFlows({ ...ports, findings });
  const safe = async (): Promise<void> => await tunnel.safe();
  const kernel = createKernelKeeper({ ...ports, findings, flows, safe }, () => wanted);
  const bridges = createBridgeKeeper(ports, () => wanted.assignments);
  const guard = createGuard({ ...ports, findings, guarded: (occupied) => flows.ports(occupied) });

  const check = (): void => {
    tunnel.check();
    kernel.check();
    guard.check();
    flows.check();
    bridges.request();
  };
  const checks = every(clock, checkMs, check);
  const dispose = async (): Promise<void> => {
    checks[Symbol.dispose]();
    await tunnel[Symbol.asyncDispose]();
    await kernel[Symbol.asyncDispose]();
    await guard[Symbol.asyncDispose]();
    await flows[Symbol.asyncDispose]();
    await bridges[Symbol.asyncDispose]();
  };

  return {
    apply(assignments) {
      const before = wanted.assignments;
      wanted = { assignments, observations: pruned(wanted.observations, assignments) };
      resolver.update(wanted.assignments, wanted.observations);
      tunnel.request();
      kernel.request(areMoreReady(before, assignments) ? 'patient' : undefined);
      if (before.size === 0 || losesNetwork(before, assignments)) bridges.request();
    },
    observe(observation) {
      const before = wanted.observations.get(observation.taskId);
      wanted = { ...wanted, observations: new Map(wanted.observations).set(observation.taskId, observation) };
      const { ready, state, successor } = observation;
      if (before?.ready === ready && before.state === state && before.successor === successor) return;
      resolver.update(wanted.assignments, wanted.observations);
      kernel.request(isOneMoreReady(wanted.assignments, before, observation) ? 'patient' : undefined);
    },
    async ensure(networkIds, signal) {
      // Before the engine has the machine forward IPv6: what it was like until then is to be remarked.
      if (wantsIpv6(wanted.assignments, networkIds)) {
        kernel.request();
        await unlessAborted(kernel.settled(), signal);
      }
      const prepared = await Promise.all(networkIds.map(async (id) => [id, await bridges.ensure(id, signal)] as const));
      await unlessAborted(kernel.inForce(networkIds), signal);
      return new Map(prepared);
    },
    publicKey: async (signal) => await tunnel.publicKey(signal),
    rotateKey: async () => await tunnel.rotate(),
    view() {
      const { assignments, observations } = wanted;
      const self = assignedSelf(assignments);
      const peers = assigned(assignments, 'peer').filter(({ id }) => id !== self?.id);
      const wantedOf = new Map(peers.map((peer) => [peer.address, self !== undefined && mustSeal(self, peer)]));
      return {
        self,
        peers,
        networks: assigned(assignments, 'network').filter(({ subnet }) => subnet !== ''),
        endpoints: liveEndpoints(assignments, observations),
        seals: new Map(
          tunnel.view().map((one) => [one.address, { ...one, wanted: wantedOf.get(one.address) === true }]),
        ),
        findings: findings.list(),
      };
    },
    async compare() {
      check();
      await Promise.all([tunnel.settled(), kernel.compared(), guard.settled(), flows.settled()]);
    },
    named: async (signal) => await unlessAborted(resolver.settled(), signal),
    async settled() {
      await kernel.settled();
      await resolver.settled();
    },
    async removeAll(signal) {
      await dispose();
      const removed = await bridges.removeAll(signal);
      await kernel.clear(signal);
      await guard.clear(signal);
      await flows.clear(signal);
      await tunnel.clear(signal);
      return removed;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const losesNetwork = (before: Assignments, after: Assignments): boolean =>
  [...before].some(([key, { kind }]) => kind === 'network' && !after.has(key));

const wantsIpv6 = (assignments: Assignments, networkIds: readonly NetworkId[]): boolean =>
  networkIds.some((id) => {
    const item = assignments.get(`network:${id}`);
    return item?.kind === 'network' && item.ipv6 !== undefined;
  });
