import { rm } from 'node:fs/promises';
import { daemonOf } from './daemons/daemon.ts';
import type { HostPorts, ServeOptions } from './host.ts';
import type { Daemon } from './daemons/launcher.ts';
import { waitReady } from './start.ts';

const endpointOf = ({ socket, engine, ...directories }: ServeOptions): Daemon =>
  daemonOf('endpoint', directories, ['--socket', socket, '--engine', engine]);

/** See Host.serve. Throws `deadline-exceeded` when the daemon is not ready; its log says why. */
export const serveEndpoint = async (ports: HostPorts, options: ServeOptions): Promise<void> => {
  const daemon = endpointOf(options);
  await ports.launcher.start(daemon, options.signal);
  try {
    await waitReady(ports, daemon, options, options.signal);
  } catch (thrown) {
    await ports.launcher.stop(daemon);
    throw thrown;
  }
};

/** See Host.unserve. */
export const unserveEndpoint = async (ports: HostPorts, options: ServeOptions): Promise<void> => {
  await ports.launcher.stop(endpointOf(options), options.signal);
  await rm(options.socket, { force: true });
};
