import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TuttiError } from '../../model/errors.ts';
import { readText } from '../../platform/files.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Daemon, Launcher } from './launcher.ts';
import { waitUntil } from '../wait.ts';

export interface SupervisorOptions {
  readonly clock: Clock;
  /** Goes before the command, to start the daemon elsewhere: `nsenter --net=… --`. */
  readonly inside?: readonly string[];
}

const script = join(import.meta.dirname, 'supervise.sh');
const startMs = 5000;
const stopMs = 10_000;

const pidFile = ({ runDirectory, name }: Daemon): string => join(runDirectory, `${name}.pid`);

/** The process id in the file, if that process lives and has `mark` in its command line: ids are used again. */
const livingPid = async (path: string, mark: string): Promise<number | undefined> => {
  const pid = Number.parseInt((await readText(path)) ?? '', 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const command = await readText(`/proc/${pid}/cmdline`).catch(() => undefined);
  return command?.includes(mark) === true ? pid : undefined;
};

const kill = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const supervisorOf = (daemon: Daemon) => livingPid(`${pidFile(daemon)}.supervisor`, pidFile(daemon));
const processOf = (daemon: Daemon) => livingPid(pidFile(daemon), daemon.stateDirectory);

const startSupervisor = async (daemon: Daemon, inside: readonly string[]): Promise<void> => {
  await mkdir(daemon.runDirectory, { recursive: true, mode: 0o755 });
  await mkdir(dirname(daemon.logFile), { recursive: true, mode: 0o700 });
  const log = openSync(daemon.logFile, 'a', 0o640);
  try {
    const first = daemon.niceness === undefined ? [] : ['nice', '-n', String(daemon.niceness)];
    const supervised = ['sh', script, pidFile(daemon), daemon.logFile, ...daemon.command];
    const [command = 'sh', ...args] = [...inside, ...first, ...supervised];
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: {
        PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: process.env['HOME'] ?? '/root',
        ...daemon.environment,
      },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', () => resolve());
      child.once('error', (cause) => reject(new TuttiError('internal', `${command} cannot be run`, { cause })));
    });
    child.unref();
  } finally {
    closeSync(log);
  }
};

/** A daemon whose supervisor was killed would be in the way of the next one: two cannot have one store or port. */
const endOrphan = async (clock: Clock, daemon: Daemon, signal: AbortSignal | undefined): Promise<void> => {
  const orphan = await processOf(daemon);
  if (orphan === undefined) return;
  kill(orphan, 'SIGTERM');
  const gone = async () => (await processOf(daemon)) === undefined;
  if (await waitUntil(clock, gone, stopMs, signal)) return;
  kill(orphan, 'SIGKILL');
  await waitUntil(clock, gone, startMs, signal);
};

/** Runs daemons under a small shell script each: for machines without systemd, and for nodes in namespaces. */
export const createSupervisor = ({ clock, inside = [] }: SupervisorOptions): Launcher => ({
  start: async (daemon, signal) => {
    if ((await supervisorOf(daemon)) !== undefined) return;
    await endOrphan(clock, daemon, signal);
    await startSupervisor(daemon, inside);
    const up = async () => (await processOf(daemon)) !== undefined;
    if (await waitUntil(clock, up, startMs, signal)) return;
    throw new TuttiError('unavailable', `the ${daemon.name} did not start: look into ${daemon.logFile}`);
  },
  stop: async (daemon, signal) => {
    const supervisor = await supervisorOf(daemon);
    const process = await processOf(daemon);
    if (supervisor !== undefined) kill(supervisor, 'SIGTERM');
    else if (process !== undefined) kill(process, 'SIGTERM');
    const gone = async () => (await supervisorOf(daemon)) === undefined && (await processOf(daemon)) === undefined;
    if (await waitUntil(clock, gone, stopMs, signal)) return;
    for (const pid of [await supervisorOf(daemon), await processOf(daemon)])
      if (pid !== undefined) kill(pid, 'SIGKILL');
    await waitUntil(clock, gone, startMs, signal);
  },
  running: processOf,
});
