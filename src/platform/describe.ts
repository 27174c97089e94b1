import type { NodeDescription } from '../model/node.ts';
import type { InterfaceAddress } from './addresses.ts';
import type { EngineInfo } from './engine/system.ts';
import type { EngineVersion } from './engine/version.ts';

export interface DescribePorts {
  readonly engine: {
    info(options: { readonly signal?: AbortSignal }): Promise<EngineInfo>;
    version(options: { readonly signal?: AbortSignal }): Promise<EngineVersion>;
  };
  readonly addresses: () => Promise<readonly InterfaceAddress[]>;
  /** Which of these other nodes reach this one by. */
  readonly address: (addresses: readonly InterfaceAddress[]) => string;
  /** Shown instead of the machine's name. */
  readonly name?: string;
  readonly agentVersion: string;
  /** Tells machines apart, where that can be known. */
  readonly machine?: string | undefined;
  /** Whether the kernel does IPv6. */
  readonly ipv6?: boolean;
  /** The machine's own IPv6 addresses. */
  readonly addresses6?: () => Promise<readonly string[]>;
  /** Public half of the key of the encryption between nodes; undefined where there can be none. */
  readonly publicKey?: (signal: AbortSignal) => Promise<string | undefined>;
  readonly doorProblem?: () => string | undefined;
  /** Names of nodes that are not reached. */
  readonly unreachable?: () => readonly string[];
}

/** Machines with more have them for their guests. */
const mostAddresses6 = 16;

/** What a node tells its manager of itself. Throws what the engine's client throws. */
export const describeNode = async (ports: DescribePorts, signal: AbortSignal): Promise<NodeDescription> => {
  const { agentVersion, machine } = ports;
  const [info, version, addresses, publicKey, addresses6 = []] = await Promise.all([
    ports.engine.info({ signal }),
    ports.engine.version({ signal }),
    ports.addresses(),
    ports.publicKey?.(signal),
    ports.addresses6?.(),
  ]);
  const unreachable = (ports.unreachable?.() ?? []).slice(0, 32);
  const doorProblem = ports.doorProblem?.()?.slice(0, 4096);
  const address = ports.address(addresses);
  const mtu = addresses.find((one) => one.address === address)?.mtu;
  return {
    hostname: ports.name ?? info.hostname,
    platform: { os: info.os, architecture: info.architecture },
    resources: {
      nanoCpus: info.cpus * 1_000_000_000,
      memoryBytes: info.memoryBytes,
      ...(info.genericResources.length > 0 && { generic: [...info.genericResources] }),
    },
    engine: {
      version: info.engineVersion,
      apiVersion: version.api,
      labels: info.labels,
      plugins: info.plugins.slice(0, 256),
      operatingSystem: info.operatingSystem,
      kernelVersion: info.kernelVersion,
      storageDriver: info.storageDriver,
      ...(info.rootDirectory !== undefined && { rootDirectory: info.rootDirectory }),
    },
    address,
    ...(mtu !== undefined && { mtu: Math.min(mtu, 65_535) }),
    ...(ports.ipv6 === true && { ipv6: true }),
    ...(addresses6.length > 0 && { addresses6: addresses6.slice(0, mostAddresses6) }),
    agentVersion,
    ...(machine !== undefined && { machine }),
    ...(publicKey !== undefined && { publicKey }),
    ...(doorProblem !== undefined && { doorProblem }),
    ...(unreachable.length > 0 && { unreachable }),
  };
};
