import { isDeepStrictEqual } from 'node:util';
import { TuttiError } from '../../model/errors.ts';
import type { NodeDescription } from '../../model/node.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { within } from '../within.ts';
import { backoffMs } from './backoff.ts';
import type { Describe, DescriptionStore } from './ports.ts';

/** Looks at the machine and its engine now and then: the last description that there was. */
export interface Describer extends AsyncDisposable {
  readonly current: () => NodeDescription;
  /** Looks now; resolves when what is new has been passed on. Throws what `describe` throws. */
  readonly refresh: (signal: AbortSignal) => Promise<void>;
}

export interface DescriberOptions {
  readonly describe: Describe;
  readonly store?: DescriptionStore | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly changed: (description: NodeDescription) => void;
}

const againMs = 60_000;
/** What the engine did not answer is asked again after this. */
const retryMs = 5_000;
/** With a description from before nobody waits longer than this: a node that does not connect is soon given up. */
const patienceMs = 500;

interface First {
  readonly description: NodeDescription;
  /** Known from before: the engine has not been asked since. */
  readonly old: boolean;
}

const first = async (options: DescriberOptions, signal: AbortSignal): Promise<First> => {
  const { clock, log } = options;
  const known = await options.store?.load();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const described = options.describe(signal);
      return { description: await (known === undefined ? described : inTime(described, clock, signal)), old: false };
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === 1) log.warn('the engine does not answer yet', { error: String(error) });
      if (known !== undefined) return { description: known, old: true };
      await clock.sleep(backoffMs(attempt, 1), signal);
    }
  }
};

/** Rejects when it takes too long. */
const inTime = async <Value>(described: Promise<Value>, clock: Clock, signal: AbortSignal): Promise<Value> => {
  const outcome = await within(patienceMs, described, clock, signal);
  if (outcome !== 'late') return outcome.value;
  throw new TuttiError('deadline-exceeded', `the engine has not described itself within ${patienceMs} ms`);
};

/** Waits until the engine answers for the first time, unless it is known what it said before a restart. Throws the signal's reason. */
export const startDescriber = async (options: DescriberOptions, signal: AbortSignal): Promise<Describer> => {
  const begun = await first(options, signal);
  let current = begun.description;
  let pauseMs = begun.old ? retryMs : againMs;
  const stop = new AbortController();
  const keep = async (description: NodeDescription): Promise<void> => {
    await options.store?.save(description).catch((error: unknown) => {
      options.log.warn('the description of the node could not be kept on disk', { error: String(error) });
    });
  };
  if (!begun.old) await keep(current);
  const take = async (next: NodeDescription): Promise<void> => {
    if (isDeepStrictEqual(next, current)) return;
    current = next;
    await keep(next);
    options.changed(next);
  };
  const look = async (): Promise<void> => {
    for (;;) {
      await options.clock.sleep(pauseMs, stop.signal);
      const next = await options.describe(stop.signal).catch(() => undefined);
      pauseMs = next === undefined ? retryMs : againMs;
      if (next !== undefined) await take(next);
    }
  };
  const looking = look().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    current: () => current,
    refresh: async (asked) => await take(await options.describe(AbortSignal.any([asked, stop.signal]))),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await looking;
    },
  };
};
