import { readConfig } from './config.ts';
import { daemonOf } from './daemons/daemon.ts';
import type { DaemonState, Directories, HostPorts, NodeState } from './host.ts';
import type { DaemonName } from './daemons/launcher.ts';
import { memberOf } from './start.ts';
import { readStatus } from './daemons/status.ts';

const stateOf = async (
  { launcher }: Pick<HostPorts, 'launcher'>,
  name: DaemonName,
  directories: Directories,
): Promise<DaemonState> => {
  const pid = await launcher.running(daemonOf(name, directories));
  if (pid === undefined) return { running: false, ready: false };
  const status = await readStatus(name, directories);
  return { running: true, pid, ready: status?.pid === pid && status.ready };
};

/** See Host.state. */
export const nodeState = async (ports: Pick<HostPorts, 'launcher'>, directories: Directories): Promise<NodeState> => {
  const config = await readConfig(directories);
  if (config === undefined) return { kind: 'none' };
  const [resolver, agent, manager] = await Promise.all([
    stateOf(ports, 'resolver', directories),
    stateOf(ports, 'agent', directories),
    config.role === 'manager' ? stateOf(ports, 'manager', directories) : undefined,
  ]);
  return {
    kind: 'member',
    ...memberOf(config, directories),
    engine: config.engine,
    resolver,
    agent,
    ...(manager && { manager }),
  };
};
