import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { TuttiError } from '../model/errors.ts';
import type { EngineLayout } from './layout.ts';
import type { Spawn } from './spawn.ts';
import { waitFor } from './wait.ts';

/** What one dockerd is started with. */
export interface EngineOptions {
  readonly engine: EngineLayout;
  readonly cgroup: string;
  /** What goes before the command, to run it somewhere else. */
  readonly prefix: readonly string[];
  readonly path: string;
  readonly extra: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The command line of a dockerd that shares nothing with another one on this machine. */
export function engineCommand(engine: EngineLayout, cgroup: string, extra: readonly string[]): readonly string[] {
  return [
    'dockerd',
    '--data-root',
    engine.dataRoot,
    '--exec-root',
    engine.execRoot,
    '--pidfile',
    engine.pidFile,
    '--config-file',
    engine.configFile,
    '--host',
    `unix://${engine.socket}`,
    '--exec-opt',
    'native.cgroupdriver=cgroupfs',
    '--cgroup-parent',
    cgroup,
    ...extra,
  ];
}

/**
 * Starts an engine and waits until it answers.
 * @throws TuttiError `unavailable` with the end of its log when it ends instead, `deadline-exceeded` after a minute.
 */
export async function startEngine(spawn: Spawn, options: EngineOptions): Promise<number> {
  const { engine } = options;
  for (const directory of [engine.dataRoot, engine.execRoot]) await mkdir(directory, { recursive: true });
  for (const leftover of [engine.socket, engine.pidFile]) await rm(leftover, { force: true });
  await writeFile(engine.configFile, '{}\n');
  const { pid, exited } = await spawn([...options.prefix, ...engineCommand(engine, options.cgroup, options.extra)], {
    environment: { PATH: options.path, HOME: '/root' },
    logFile: engine.logFile,
  });
  let end: string | undefined;
  void exited.then((how) => {
    end = how;
  });
  const answers = async (): Promise<true | undefined> => {
    if (end !== undefined) {
      const log = await readFile(engine.logFile, 'utf8').catch(() => '');
      throw new TuttiError('unavailable', `dockerd ended (${end}): ${lastWords(log)}`);
    }
    return (await ping(engine.socket)) ? true : undefined;
  };
  await waitFor(answers, {
    what: `dockerd to answer at ${engine.socket} (its log: ${engine.logFile})`,
    deadlineMs: 60_000,
    signal: options.signal,
  });
  return pid;
}

/** The last lines of a daemon's log; engines from 23 on say how they are used after what was wrong. */
export const lastWords = (log: string): string =>
  (log.split(/^Usage:/m)[0] ?? '').trim().split('\n').slice(-5).join('\n');

/** Whether an engine answers at the socket within a second. */
export const ping = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
