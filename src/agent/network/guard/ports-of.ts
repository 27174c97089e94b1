import { networkIdOf } from '../../../model/network.ts';
import type { Attachment, Attachments } from '../../attachments/ports.ts';
import { bridgeName } from '../names.ts';
import type { KernelSettings } from '../ports.ts';

/** Whose end a port of a bridge is. */
export interface Occupant {
  readonly mac: string;
  /** Its IPv4 address on this network. */
  readonly address: string;
  /** The container's, on all of its networks: by which one an answer leaves is its routes' affair. */
  readonly addresses: readonly string[];
}

/** A port of a bridge: the node's end of a pair of devices. */
interface Port {
  readonly name: string;
  /** Number of the other end, in the network namespace where that is. */
  readonly peer: number;
}

/** Bridge → its ports. */
export type BridgePorts = ReadonlyMap<string, readonly Port[]>;

/** A container that runs, with the numbers of the devices in its network namespace. */
interface Running {
  readonly devices: ReadonlySet<number>;
  readonly networks: readonly Attachment[];
}

export interface Occupied {
  readonly ports: ReadonlyMap<string, Occupant>;
  /** Ports that several containers seem to be behind: one of them gives itself numbers. They are nobody's. */
  readonly disputed: readonly string[];
}

/**
 * Who is behind which port. The engine makes both ends on the node and moves one of them, which keeps its number: so the
 * container is known in whose namespace there is the device that a port of its network's bridge says is its other end.
 */
export function portsOf(bridges: BridgePorts, running: readonly Running[]): Occupied {
  const claims = running.flatMap(({ devices, networks }) => {
    const addresses = networks.flatMap(({ address, address6 }) => [address, address6]).filter((one) => one !== '');
    return networks.flatMap(({ name, mac, address }) => {
      const ports = bridges.get(bridgeOf(name) ?? '') ?? [];
      const own = ports.filter(({ peer }) => devices.has(peer));
      return own.map((port) => [port.name, { mac, address, addresses }] as const);
    });
  });
  const byPort = Map.groupBy(claims, ([port]) => port);
  const sole = [...byPort].filter(([, claimed]) => claimed.length === 1).flatMap(([, claimed]) => claimed);
  return {
    ports: new Map(sole),
    disputed: [...byPort].filter(([, claimed]) => claimed.length > 1).map(([port]) => port),
  };
}

const bridgeOf = (dockerNetwork: string): string | undefined => {
  const id = networkIdOf(dockerNetwork);
  return id === undefined ? undefined : bridgeName(id);
};

/** The ports of the bridges of these networks, as the engine calls them. */
export function readPorts(
  settings: Pick<KernelSettings, 'read' | 'list'>,
  dockerNetworks: Iterable<string>,
): BridgePorts {
  const bridges = new Set([...dockerNetworks].flatMap((name) => bridgeOf(name) ?? []));
  return new Map(
    [...bridges].map((bridge) => [
      bridge,
      settings.list(`/sys/class/net/${bridge}/brif`).map((name) => ({
        name,
        peer: Number(settings.read(`/sys/class/net/${name}/iflink`)),
      })),
    ]),
  );
}

/** The numbers of the devices in a process's network namespace that take part in IP. */
export function readDevices({ read }: Pick<KernelSettings, 'read'>, pid: Attachments['pid']): ReadonlySet<number> {
  // Every such device listens to a group; the first column is its number.
  const lines = (read(`/proc/${pid}/net/dev_mcast`) ?? '').split('\n');
  return new Set(lines.map((line) => Number(line.trim().split(/\s+/)[0])).filter((index) => index > 0));
}
