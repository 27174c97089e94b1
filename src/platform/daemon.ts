import { flushCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { TuttiError } from '../model/errors.ts';
import { systemClock } from './clock.ts';
import { collectWhenIdle } from './idle-memory.ts';
import { createFileSink } from './log-file.ts';
import { createLog, logLevels, type LogSink } from './log.ts';
import type { Log } from './ports.ts';

/** What the command line and the environment say to a daemon; everything else is in the files of its directories. */
export interface DaemonArguments {
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly flags: ReadonlySet<string>;
}

/** Reads `--state DIR --run DIR` and the given flags. Throws `invalid-argument`. */
export const daemonArguments = (argv: readonly string[], flags: readonly string[]): DaemonArguments => {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        state: { type: 'string', default: '/var/lib/tutti' },
        run: { type: 'string', default: '/run/tutti' },
        ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }])),
      },
    });
    const given: Readonly<Record<string, unknown>> = values;
    return {
      stateDirectory: values.state,
      runDirectory: values.run,
      flags: new Set(flags.filter((name) => given[name] === true)),
    };
  } catch (error) {
    throw new TuttiError('invalid-argument', error instanceof Error ? error.message : String(error));
  }
};

const logBytes = 10_000_000;

/** Into the file, which stays bounded; to standard error on a terminal and where the file cannot be opened. */
const sinkFor = (path: string): LogSink => {
  const standardError: LogSink = (line) => void process.stderr.write(`${line}\n`);
  if (process.stderr.isTTY) return standardError;
  try {
    return createFileSink(path, logBytes);
  } catch {
    return standardError;
  }
};

/** The daemon's log; the level is TUTTI_LOG's (debug, info, warn, error). */
export const daemonLog = (path: string): Log => {
  const level = logLevels.find((known) => known === process.env['TUTTI_LOG']) ?? 'info';
  return createLog({ level, clock: systemClock, sink: sinkFor(path) });
};

/**
 * Runs a daemon: `start` builds it, and SIGTERM or SIGINT disposes it. A second signal ends the process at once. What
 * nobody handled ends it too, with code 1: the supervisor starts it again from what is on disk.
 */
export const runDaemon = async (log: Log, start: (signal: AbortSignal) => Promise<AsyncDisposable>): Promise<void> => {
  const stop = new AbortController();
  const fail = (error: unknown) => {
    const { code, message, stack } = TuttiError.from(error);
    log.error(message, { code, stack: stack ?? '' });
    process.exit(1);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const stopped = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (stop.signal.aborted) process.exit(1);
        stop.abort(new TuttiError('cancelled', `stopped by ${name}`));
        resolve();
      });
    }
  });
  // Timers of the clock do not hold the process; this does.
  const hold = setInterval(() => undefined, 2 ** 30);
  try {
    const daemon = await start(stop.signal);
    flushCompileCache();
    using _ = collectWhenIdle(systemClock);
    await stopped;
    await daemon[Symbol.asyncDispose]();
    log.info('stopped');
  } catch (error) {
    if (!stop.signal.aborted) fail(error);
  }
  clearInterval(hold);
  process.exit(0);
};
