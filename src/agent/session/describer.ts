import { isDeepStrictEqual } from 'node:util';
import type { NodeDescription } from '../../model/node.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { backoffMs } from './backoff.ts';
import type { Describe } from './ports.ts';

/** Looks at the machine and its engine now and then: the last description that there was. */
export interface Describer extends AsyncDisposable {
  readonly current: () => NodeDescription;
}

export interface DescriberOptions {
  readonly describe: Describe;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: (description: NodeDescription) => void;
}

const againMs = 60_000;

const first = async (options: DescriberOptions, signal: AbortSignal): Promise<NodeDescription> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await options.describe(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === 1) options.log.warn('the engine does not answer yet', { error: String(error) });
      await options.clock.sleep(backoffMs(attempt, 1), signal);
    }
  }
};

/** Waits until the engine answers for the first time. Throws the signal's reason. */
export const startDescriber = async (options: DescriberOptions, signal: AbortSignal): Promise<Describer> => {
  let current = await first(options, signal);
  const stop = new AbortController();
  const look = async (): Promise<void> => {
    for (;;) {
      await options.clock.sleep(againMs, stop.signal);
      const next = await options.describe(stop.signal).catch(() => current);
      if (isDeepStrictEqual(next, current)) continue;
      current = next;
      options.changed(next);
    }
  };
  const looking = look().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    current: () => current,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await looking;
    },
  };
};
