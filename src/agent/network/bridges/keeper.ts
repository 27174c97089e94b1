import type { NetworkId } from '../../../model/ids.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Clock, Log } from '../../../platform/ports.ts';
import { createBridges } from './bridges.ts';
import { assigned, assignedSelf, isDual } from '../endpoints.ts';
import type { Assignments } from '../endpoints.ts';
import { networkLabel } from '../names.ts';
import { createPasses } from '../passes.ts';
import type { DockerNetworks, Exec, KernelSettings, PreparedNetwork, Resolver } from '../ports.ts';

export interface BridgeKeeperPorts {
  readonly docker: DockerNetworks;
  readonly exec: Exec;
  readonly settings: KernelSettings;
  readonly resolver: Resolver;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** What was removed from the machine. */
export interface RemovedNetworks {
  /** Names of the engine's networks. */
  readonly networks: readonly string[];
  /** Those that containers are still on, and that are still there. */
  readonly busy: readonly string[];
}

/** Keeps the engine's networks: made when they are asked for, mended, removed when they are assigned no more. */
export interface BridgeKeeper extends AsyncDisposable {
  /** Something may have to be removed, or mended. */
  request(): void;
  /** @throws TuttiError `not-found` for a network that is not assigned, `conflict` where its subnet or port 53 is taken. */
  ensure(id: NetworkId, signal?: AbortSignal): Promise<PreparedNetwork>;
  /** Removes all; only after disposing. */
  removeAll(signal?: AbortSignal): Promise<RemovedNetworks>;
}

const quietMs = 4;
/** Also how often a network that containers are still on is tried again. */
const spacingMs = 1000;

export function createBridgeKeeper(ports: BridgeKeeperPorts, assignments: () => Assignments): BridgeKeeper {
  const { docker, exec, settings, resolver, clock, log } = ports;
  const bridges = createBridges({ docker, exec, settings });
  const networkOf = (id: string) => {
    const item = assignments().get(`network:${id}`);
    return item?.kind === 'network' ? item : undefined;
  };
  const passes = createPasses({
    clock,
    quietMs,
    spacingMs,
    async work(signal) {
      if (assignedSelf(assignments()) === undefined) return;
      // Names first: after a restart of the agent containers wait for them, and the engine may take its time. Where one
      // cannot be had, the networks are looked after all the same.
      const present = assigned(assignments(), 'network').filter(({ id }) => bridges.isThere(id));
      const listening = Promise.all(present.map(async ({ gateway }) => await resolver.listen(gateway)));
      await listening.catch(() => undefined);
      await bridges.adopt(signal);
      bridges.mend();
      const busy = await bridges.removeUnwanted((id) => networkOf(id) !== undefined, signal);
      if (busy.length > 0) passes.request();
      await listening;
    },
    onFault(fault, retryMs) {
      const { message, code } = TuttiError.from(fault);
      log.warn('the networks of the engine could not be looked at', { code, reason: message, retryMs });
    },
  });
  return {
    request: () => passes.request(),
    async ensure(id, signal) {
      const network = networkOf(id);
      const self = assignedSelf(assignments());
      if (network === undefined || self === undefined) {
        throw new TuttiError('not-found', `network ${id} is not assigned to this node`);
      }
      if (network.subnet === '') return { dockerNetwork: network.name, dns: [] };
      const dockerNetwork = await bridges.ensure(network, self, signal);
      await resolver.listen(network.gateway);
      return { dockerNetwork, dns: [network.gateway], ...(isDual(network, self) && { ipv6: true }) };
    },
    async removeAll(signal) {
      const before = await docker.list(networkLabel, signal);
      const busy = new Set(await bridges.removeUnwanted(() => false, signal));
      const [left, gone] = [true, false].map((isBusy) =>
        before.filter(({ labels }) => busy.has(labels[networkLabel] ?? '') === isBusy).map(({ name }) => name),
      );
      return { networks: gone ?? [], busy: left ?? [] };
    },
    [Symbol.asyncDispose]: async () => await passes[Symbol.asyncDispose](),
  };
}
