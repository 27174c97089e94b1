import { existsSync } from 'node:fs';
import { systemClock } from '../platform/clock.ts';
import { systemExec } from '../platform/exec.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandomness } from '../platform/random.ts';
import { createCleanUp } from './clean-up.ts';
import type { Directories, Host, HostPorts } from './host.ts';
import type { Launcher } from './daemons/launcher.ts';
import { leaveNode } from './leave.ts';
import { serveEndpoint, unserveEndpoint } from './serve.ts';
import { defaultDirectories } from './paths.ts';
import { startNode, stopNode } from './start.ts';
import { nodeState } from './state.ts';
import { createSupervisor } from './daemons/supervisor.ts';
import { createMachine } from './system-machine.ts';
import { createSystemd } from './daemons/systemd.ts';

export interface CreateHostOptions {
  /**
   * `automatic`: systemd where it runs the machine and the node has the standard directories, else the supervisor. Or
   * one of one's own, for a node in a namespace.
   */
  readonly launcher: 'automatic' | 'supervisor' | Launcher;
}

const chooseLauncher = (wanted: CreateHostOptions['launcher'], { stateDirectory }: Directories): Launcher => {
  if (typeof wanted === 'object') return wanted;
  const systemd = existsSync('/run/systemd/system') && stateDirectory === defaultDirectories.stateDirectory;
  return wanted === 'automatic' && systemd
    ? createSystemd({ exec: systemExec })
    : createSupervisor({ clock: systemClock });
};

/** The host's functions on this machine, with everything real. What is rarely needed is loaded when it is. */
export const createHost = (options: CreateHostOptions): Host => {
  const portsFor = (directories: Directories): HostPorts => ({
    clock: systemClock,
    random: systemRandomness,
    log: silentLog,
    machine: createMachine(systemExec),
    launcher: chooseLauncher(options.launcher, directories),
  });
  return {
    init: async (given) => (await import('./init.ts')).initNode(portsFor(given), given),
    join: async (given) => (await import('./join.ts')).joinNode(portsFor(given), given),
    leave: async (given) => await leaveNode(portsFor(given), given, createCleanUp(systemExec, given)),
    start: async (directories, signal) => await startNode(portsFor(directories), directories, signal),
    stop: async (directories, signal) => await stopNode(portsFor(directories), directories, signal),
    serve: async (given) => await serveEndpoint(portsFor(given), given),
    unserve: async (given) => await unserveEndpoint(portsFor(given), given),
    state: async (directories) => await nodeState(portsFor(directories), directories),
  };
};
