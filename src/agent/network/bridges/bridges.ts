import * as z from 'zod';
import type { AssignedNetwork, AssignedSelf } from '../../../model/assignment.ts';
import { TuttiError } from '../../../model/errors.ts';
import { bridgeRequest, isSameBridge, routeConflict } from './spec.ts';
import { bridgeSettings, sixthBridgeSettings } from '../desired.ts';
import { bridgeName, networkLabel } from '../names.ts';
import type { DockerNetwork, DockerNetworkRequest, DockerNetworks, Exec, KernelSettings } from '../ports.ts';

/** The engine's networks that stand for ours on this node. */
export interface Bridges {
  /**
   * Makes the network and its settings; gives its name. @throws TuttiError `conflict` when a route of the machine or
   * another network of the engine is in the way, `unavailable` when the engine does not answer.
   */
  ensure(network: AssignedNetwork, self: AssignedSelf, signal?: AbortSignal): Promise<string>;
  /** Puts right the settings of the bridges that are there. */
  mend(): void;
  /** Removes the networks for which `wanted` is false. Gives the ids of those that containers are still on. */
  removeUnwanted(wanted: (networkId: string) => boolean, signal?: AbortSignal): Promise<readonly string[]>;
  /** Whether the machine has the network's bridge, whatever the engine says. */
  isThere(networkId: string): boolean;
  /** Takes over what a former run of the agent made; from then on it is known without asking. */
  adopt(signal?: AbortSignal): Promise<void>;
}

export interface BridgePorts {
  readonly docker: DockerNetworks;
  readonly exec: Exec;
  readonly settings: KernelSettings;
}

interface Known {
  /** The engine's. */
  readonly name: string;
  readonly dual: boolean;
}

const routeRows = z.array(z.object({ dst: z.string(), dev: z.string().optional(), gateway: z.string().optional() }));

export function createBridges({ docker, exec, settings }: BridgePorts): Bridges {
  /** Networks of the engine by their ids here, as far as they are known to be right. */
  const known = new Map<string, Known>();
  const turn = turns();

  const list = async (signal?: AbortSignal): Promise<readonly DockerNetwork[]> =>
    await docker.list(networkLabel, signal);

  const isThere = (networkId: string): boolean =>
    settings.read(`/proc/sys/net/ipv4/conf/${bridgeName(networkId)}/proxy_arp`) !== undefined;

  const applySettings = (networkId: string, dual: boolean): boolean =>
    [...bridgeSettings(networkId), ...(dual ? sixthBridgeSettings(networkId) : [])].every(
      ([name, value]) => settings.read(name) === value || settings.write(name, value),
    );

  const make = async (network: AssignedNetwork, self: AssignedSelf, signal?: AbortSignal): Promise<void> => {
    const wanted = bridgeRequest(network, self);
    const found = (await list(signal)).filter(({ labels }) => labels[networkLabel] === network.id);
    const [first, ...others] = found;
    for (const other of others) await docker.remove(other.id, signal);
    if (first !== undefined && isSameBridge(first, wanted)) return;
    if (first !== undefined) await docker.remove(first.id, signal);
    await refuseConflict(exec, network, wanted, signal);
    await docker.create(wanted, signal);
  };

  return {
    async ensure(network, self, signal) {
      const { name, ipv6 } = bridgeRequest(network, self);
      const dual = ipv6 !== undefined;
      const isKnown = (): boolean => {
        const found = known.get(network.id);
        return found?.name === name && found.dual === dual && isThere(network.id);
      };
      if (isKnown()) return name;
      return await turn(network.id, async () => {
        if (!isKnown()) await make(network, self, signal);
        if (!applySettings(network.id, dual)) {
          throw new TuttiError(
            'unavailable',
            `bridge ${bridgeName(network.id)} of network ${network.name} is not there`,
          );
        }
        known.set(network.id, { name, dual });
        return name;
      });
    },

    isThere,

    mend() {
      for (const [id, { dual }] of known) if (!applySettings(id, dual)) known.delete(id);
    },

    async adopt(signal) {
      for (const { labels, name, subnets } of await list(signal)) {
        const id = labels[networkLabel];
        const dual = subnets.some(({ subnet }) => subnet.includes(':'));
        if (id !== undefined && !known.has(id) && isThere(id) && applySettings(id, dual)) known.set(id, { name, dual });
      }
    },

    async removeUnwanted(wanted, signal) {
      const busy: string[] = [];
      for (const { id, labels } of await list(signal)) {
        const networkId = labels[networkLabel] ?? '';
        await turn(networkId, async () => {
          if (wanted(networkId)) return;
          known.delete(networkId);
          if (!(await removed(docker, id, signal))) busy.push(networkId);
        });
      }
      return busy;
    },
  };
}

async function removed(docker: DockerNetworks, id: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await docker.remove(id, signal);
    return true;
  } catch (thrown) {
    const { code } = TuttiError.from(thrown);
    if (code === 'permission-denied' || code === 'conflict' || code === 'in-use') return false;
    throw thrown;
  }
}

async function refuseConflict(
  exec: Exec,
  network: AssignedNetwork,
  wanted: DockerNetworkRequest,
  signal?: AbortSignal,
): Promise<void> {
  await refuseRoute(exec, network, wanted.subnet, ['-j', 'route', 'show'], signal);
  if (wanted.ipv6 !== undefined) {
    await refuseRoute(exec, network, wanted.ipv6.subnet, ['-6', '-j', 'route', 'show'], signal);
  }
}

async function refuseRoute(
  exec: Exec,
  network: AssignedNetwork,
  subnet: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { code, stdout } = await exec('ip', args, { timeoutMs: 10_000, ...(signal && { signal }) });
  const rows = routeRows.safeParse(code === 0 && stdout.trim() !== '' ? JSON.parse(stdout) : []);
  const conflict = routeConflict(subnet, bridgeName(network.id), rows.success ? rows.data : []);
  if (conflict === undefined) return;
  throw new TuttiError(
    'conflict',
    `network ${network.name} (${subnet}) overlaps the route ${conflict.dst} by ${conflict.dev ?? 'a gateway'} on this node: give the network another subnet`,
    { fields: { network: network.id, subnet, route: conflict.dst } },
  );
}

/** Work on one key runs one after another. */
function turns(): <Value>(key: string, work: () => Promise<Value>) => Promise<Value> {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
}
