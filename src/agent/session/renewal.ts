import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';

export interface RenewalOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** When the certificate in use is to be renewed, in milliseconds since the epoch. */
  readonly due: () => number;
  /** When it is over. */
  readonly expires: () => number;
  /** Gets the next one and puts it to use. */
  readonly renew: (signal: AbortSignal) => Promise<void>;
}

/** Timers cannot run for months, and clocks are set. */
const lookMs = 60 * 60 * 1000;
const retryMs = 10 * 60 * 1000;
/** With a certificate that is over the node has no session: all that can help is its own manager, which starts now. */
const expiredRetryMs = 5_000;

/** Renews the node's certificate when two thirds of its life are over, until it is disposed. */
export const startRenewal = (options: RenewalOptions): AsyncDisposable => {
  const { clock, log, due, renew } = options;
  const stop = new AbortController();
  const attempt = async (): Promise<number> => {
    const left = due() - clock.now();
    if (left > 0) return Math.min(left, lookMs);
    try {
      await renew(stop.signal);
      log.info('certificate renewed');
      return Math.min(Math.max(due() - clock.now(), 1000), lookMs);
    } catch (thrown) {
      stop.signal.throwIfAborted();
      const error = TuttiError.from(thrown);
      log.error('the certificate could not be renewed', { code: error.code, error: error.message });
      return clock.now() < options.expires() ? retryMs : expiredRetryMs;
    }
  };
  const run = async (): Promise<void> => {
    for (;;) await clock.sleep(await attempt(), stop.signal);
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
};
