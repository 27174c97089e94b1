import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface SpawnOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Standard output and error are added to it. */
  readonly logFile: string;
}

/** A process that outlives the caller. */
export interface Spawned {
  readonly pid: number;
  /** Resolves when it ends while the caller still lives. */
  readonly exited: Promise<string>;
}

/** Starts a process in a session of its own. @throws TuttiError or a system error when it cannot be started. */
export type Spawn = (argv: readonly string[], options: SpawnOptions) => Promise<Spawned>;

export const systemSpawn: Spawn = async (argv, options) => {
  const log = openSync(options.logFile, 'a', 0o640);
  try {
    const [command = '', ...args] = argv;
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: options.environment,
      cwd: '/',
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `killed by ${signal}`));
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    return { pid, exited };
  } finally {
    closeSync(log);
  }
};
