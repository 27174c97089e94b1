import { access } from 'node:fs/promises';
import type { Host, HostPorts } from '../src/host/host.ts';
import { initNode } from '../src/host/init.ts';
import { joinNode } from '../src/host/join.ts';
import { leaveNode } from '../src/host/leave.ts';
import { startNode, stopNode } from '../src/host/start.ts';
import { nodeState } from '../src/host/state.ts';
import { createSupervisor } from '../src/host/supervisor.ts';
import { createMachine } from '../src/host/system-machine.ts';
import { createSystemd } from '../src/host/systemd.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemExec } from '../src/platform/exec.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandomness } from '../src/platform/random.ts';
import { cleanUp } from './clean-up.ts';

/** This machine, with its daemons under systemd where it runs and under a supervisor of our own elsewhere. */
export const createHost = async (): Promise<Host> => {
  const ports: HostPorts = {
    clock: systemClock,
    random: systemRandomness,
    log: silentLog,
    machine: createMachine(systemExec),
    launcher: (await hasSystemd()) ? createSystemd({ exec: systemExec }) : createSupervisor({ clock: systemClock }),
  };
  return {
    init: (options) => initNode(ports, options),
    join: (options) => joinNode(ports, options),
    leave: (options) => leaveNode(ports, options, cleanUp),
    start: (directories, signal) => startNode(ports, directories, signal),
    stop: (directories, signal) => stopNode(ports, directories, signal),
    state: (directories) => nodeState(ports, directories),
  };
};

/** As sd_booted(3) looks for it. */
const hasSystemd = async (): Promise<boolean> => {
  try {
    await access('/run/systemd/system');
    return true;
  } catch {
    return false;
  }
};
