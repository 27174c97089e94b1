import { TuttiError } from '../model/errors.ts';
import { requireConfig, type NodeConfig } from './config.ts';
import { daemonsOf } from './daemons/daemon.ts';
import type { Directories, HostPorts, Member } from './host.ts';
import type { Daemon } from './daemons/launcher.ts';
import { nodePaths } from './paths.ts';
import { removeFiles } from './remove.ts';
import { readStatus } from './daemons/status.ts';
import { waitUntil } from './wait.ts';

const readyMs = 30_000;

export const memberOf = (config: NodeConfig, directories: Directories): Member => ({
  nodeId: config.nodeId,
  clusterId: config.clusterId,
  role: config.role,
  address: config.address,
  ...(config.role === 'manager' && { socket: nodePaths(directories).socket }),
});

export const waitReady = async (
  { clock, launcher }: Pick<HostPorts, 'clock' | 'launcher'>,
  daemon: Daemon,
  directories: Directories,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const ready = async () => {
    const status = await readStatus(daemon.name, directories);
    return status?.ready === true && status.pid === (await launcher.running(daemon));
  };
  if (await waitUntil(clock, ready, readyMs, signal)) return;
  throw new TuttiError(
    'deadline-exceeded',
    `the ${daemon.name} was not ready after ${readyMs / 1000} s: look into ${daemon.logFile}`,
  );
};

/** Starts the daemons of a member, all at once, and waits until each is ready. */
export const startDaemons = async (
  ports: HostPorts,
  config: NodeConfig,
  directories: Directories,
  signal?: AbortSignal,
): Promise<void> => {
  await Promise.all(
    daemonsOf(config, directories).map(async (daemon) => {
      await ports.launcher.start(daemon, signal);
      await waitReady(ports, daemon, directories, signal);
    }),
  );
};

/** See Host.start. Throws `not-found` when this machine is no member, `deadline-exceeded` when a daemon is not ready. */
export const startNode = async (ports: HostPorts, directories: Directories, signal?: AbortSignal): Promise<Member> => {
  const config = await requireConfig(directories);
  await startDaemons(ports, config, directories, signal);
  return memberOf(config, directories);
};

/** Stops the daemons, the agent first; containers stay running. */
export const stopDaemons = async (
  { launcher }: HostPorts,
  config: NodeConfig,
  directories: Directories,
  signal?: AbortSignal,
): Promise<void> => {
  for (const daemon of daemonsOf(config, directories).toReversed()) await launcher.stop(daemon, signal);
};

/** See Host.stop. */
export const stopNode = async (ports: HostPorts, directories: Directories, signal?: AbortSignal): Promise<void> => {
  await stopDaemons(ports, await requireConfig(directories), directories, signal);
};

/** Undoes what a failed init or join made. Nothing here may hide the first fault. */
export const undo = async (
  ports: HostPorts,
  config: NodeConfig | undefined,
  directories: Directories,
): Promise<void> => {
  if (config !== undefined) await stopDaemons(ports, config, directories).catch(() => undefined);
  await removeFiles(directories).catch(() => undefined);
};
