import type { NetworkId } from '../../model/ids.ts';
import { TuttiError } from '../../model/errors.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { createBridges } from './bridges.ts';
import { forgetFlows, staleFlows } from './conntrack.ts';
import { desiredKernelState } from './desired.ts';
import { assigned, assignedSelf, pruned } from './endpoints.ts';
import type { Assignments, Observations } from './endpoints.ts';
import { isSame, kernelInputs } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import { createHairpins } from './hairpin.ts';
import { createFirewall } from './firewall.ts';
import { createKernel } from './kernel.ts';
import type { FoundState } from './kernel.ts';
import type { KernelState } from './kernel-state.ts';
import { networkLabel } from './names.ts';
import { viewOf } from './nft-script.ts';
import { createPasses } from './passes.ts';
import type { DockerNetworks, Exec, KernelSettings, PreparedNetwork, Resolver } from './ports.ts';
import { publicationChain } from './publish.ts';
import type { Publication } from './publish.ts';

export interface NetworkPorts {
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly docker: DockerNetworks;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the kernel is compared whole with what it should have. Default: 30 s. */
  readonly checkMs?: number;
}

/** What was removed from the machine. */
export interface RemovedNetworks {
  /** Names of the engine's networks. */
  readonly networks: readonly string[];
  /** Those that containers are still on, and that are still there. */
  readonly busy: readonly string[];
}

/** The node's networks, routes, rules and names. What it made stays when it is disposed of: only `removeAll` removes. */
export interface AgentNetwork extends AsyncDisposable {
  /** Takes the whole set; returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** What is seen of this node's tasks counts more than what the manager knows of them. */
  observe(observation: TaskObservation): void;
  /**
   * Resolves when containers can be put on these networks: bridge, routes, rules and resolver are there.
   * @throws TuttiError `not-found` for a network that is not assigned, `conflict` where its subnet is taken.
   */
  ensure(networkIds: readonly NetworkId[], signal?: AbortSignal): Promise<ReadonlyMap<NetworkId, PreparedNetwork>>;
  /** Compares everything again now: the engine was restarted, say. */
  check(): void;
  /** Resolves when what was applied until now is in force. */
  settled(): Promise<void>;
  /** Removes every kernel object and engine network of ours, and nothing else. Nothing may be applied afterwards. */
  removeAll(signal?: AbortSignal): Promise<RemovedNetworks>;
}

const quietMs = 4;
const spacingMs = 50;
const busyRetryMs = 1000;

export function createNetwork(ports: NetworkPorts): AgentNetwork {
  const { exec, settings, docker, resolver, clock, log, checkMs = 30_000 } = ports;
  const kernel = createKernel(exec, settings);
  const firewall = createFirewall(exec);
  const hairpins = createHairpins(settings);
  const bridges = createBridges({ docker, exec, settings });
  let assignments: Assignments = new Map();
  let observations: Observations = new Map();
  /** What the kernel has; undefined: it has to be read. */
  let found: FoundState | undefined;
  /** What that was made from, and the networks in it. */
  let inForce: Inputs | undefined;
  let networksInForce: ReadonlySet<string> = new Set();
  let published: readonly Publication[] | undefined;
  let firewallState: 'unknown' | 'absent' | 'kept' = 'unknown';

  const networkOf = (id: string) => {
    const item = assignments.get(`network:${id}`);
    return item?.kind === 'network' ? item : undefined;
  };

  const forget = async (desired: KernelState, before: FoundState, signal: AbortSignal): Promise<void> => {
    const flows = staleFlows(published ?? unchanged(desired, before), desired.publications);
    published = desired.publications;
    if (!(await forgetFlows(exec, flows, signal))) {
      log.warn('conntrack does not run: UDP clients of a removed task are not moved; install the package conntrack');
    }
  };

  const bringUpToDate = async (inputs: Inputs, signal: AbortSignal): Promise<void> => {
    const desired = desiredKernelState(assignments, observations);
    if (desired === undefined) return;
    const ids = new Set(assigned(assignments, 'network').map(({ id }) => id));
    const before = found ?? (await kernel.read(signal));
    found = undefined;
    found = await kernel.change(before, desired, signal);
    inForce = inputs;
    networksInForce = ids;
    await forget(desired, before, signal);
  };

  const kernelPasses = createPasses({
    clock,
    quietMs,
    spacingMs,
    async work(signal) {
      const inputs = kernelInputs(assignments, observations);
      if (found === undefined || !isSame(inForce, inputs)) await bringUpToDate(inputs, signal);
      if (firewallState === 'unknown') await keepFirewall(signal);
      hairpins(new Set(assigned(assignments, 'publish').map(({ networkId }) => networkId)));
    },
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      log.error('the network could not be brought up to date', { code, reason: message, retryMs });
    },
  });

  const keepFirewall = async (signal: AbortSignal): Promise<void> => {
    const outcome = await firewall.ensure(signal);
    firewallState = outcome === 'absent' ? 'absent' : 'kept';
    if (outcome === 'mended') log.info('firewall rules put into DOCKER-USER and INPUT');
  };

  const bridgePasses = createPasses({
    clock,
    quietMs,
    spacingMs: busyRetryMs,
    async work(signal) {
      if (assignedSelf(assignments) === undefined) return;
      // Names first: after a restart of the agent containers wait for them, and the engine may take its time.
      for (const network of assigned(assignments, 'network')) {
        if (bridges.isThere(network.id)) await resolver.listen(network.gateway);
      }
      await bridges.adopt(signal);
      bridges.mend();
      const busy = await bridges.removeUnwanted((id) => networkOf(id) !== undefined, signal);
      if (busy.length > 0) bridgePasses.request();
    },
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      log.warn('the networks of the engine could not be looked at', { code, reason: message, retryMs });
    },
  });

  const check = (): void => {
    found = undefined;
    firewallState = 'unknown';
    kernelPasses.request();
    bridgePasses.request();
  };
  let timer = clock.after(checkMs, function again() {
    check();
    timer = clock.after(checkMs, again);
  });

  const ensureOne = async (id: NetworkId, signal?: AbortSignal): Promise<PreparedNetwork> => {
    const network = networkOf(id);
    const self = assignedSelf(assignments);
    if (network === undefined || self === undefined) {
      throw new TuttiError('not-found', `network ${id} is not assigned to this node`);
    }
    if (network.subnet === '') return { dockerNetwork: network.name, dns: [] };
    const dockerNetwork = await bridges.ensure(network, self, signal);
    await resolver.listen(network.gateway);
    // The engine may have been started after the agent.
    if (firewallState === 'absent') {
      firewallState = 'unknown';
      kernelPasses.request();
    }
    return { dockerNetwork, dns: [network.gateway] };
  };

  return {
    apply(next) {
      const gone = [...assignments.values()].some((item) => item.kind === 'network' && !next.has(`network:${item.id}`));
      const first = assignments.size === 0;
      assignments = next;
      observations = pruned(observations, next);
      resolver.update(assignments, observations);
      kernelPasses.request();
      if (gone || first) bridgePasses.request();
    },
    observe(observation) {
      const before = observations.get(observation.taskId);
      observations = new Map(observations).set(observation.taskId, observation);
      const { ready, state, successor } = observation;
      if (before?.ready === ready && before.state === state && before.successor === successor) return;
      resolver.update(assignments, observations);
      kernelPasses.request();
    },
    async ensure(networkIds, signal) {
      const prepared = await Promise.all(networkIds.map(async (id) => [id, await ensureOne(id, signal)] as const));
      // Routes to other tasks of a network that is in force may come a moment later, as they do for tasks that run.
      if (firewallState !== 'kept' || !networkIds.every((id) => networksInForce.has(id))) await kernelPasses.settled();
      signal?.throwIfAborted();
      return new Map(prepared);
    },
    check,
    settled: async () => await kernelPasses.settled(),
    async removeAll(signal) {
      await kernelPasses[Symbol.asyncDispose]();
      await bridgePasses[Symbol.asyncDispose]();
      const before = await docker.list(networkLabel, signal);
      const busy = await bridges.removeUnwanted(() => false, signal);
      await firewall.clear(signal);
      await kernel.clear(signal);
      return {
        networks: before.filter(({ labels }) => !busy.includes(labels[networkLabel] ?? '')).map(({ name }) => name),
        busy: before.filter(({ labels }) => busy.includes(labels[networkLabel] ?? '')).map(({ name }) => name),
      };
    },
    async [Symbol.asyncDispose]() {
      timer.cancel();
      await kernelPasses[Symbol.asyncDispose]();
      await bridgePasses[Symbol.asyncDispose]();
    },
  };
}

/** The published ports that the kernel's rules already were right for: their flows are not touched. */
function unchanged(desired: KernelState, before: FoundState): readonly Publication[] {
  const table = desired.tables.find(({ family }) => family === 'ip');
  const wanted = table === undefined ? undefined : viewOf(table);
  const actual = before.tables.get('ip');
  return desired.publications.filter((one) => {
    const chain = publicationChain(one);
    return actual?.chains.get(chain)?.join() === wanted?.chains.get(chain)?.join();
  });
}
