import type { Clock } from '../../platform/ports.ts';

/** What may be changed while it is being read. */
export interface Changing<State> {
  read(signal: AbortSignal): Promise<State>;
  /** Resolves when no change is made or waits to be. */
  still(): Promise<void>;
  /** Has the next change that begins call this. */
  disturbs(stop: () => void): void;
  /** Takes what is there at this moment; undefined: whoever makes the next change has to read first. */
  accept(state: State | undefined): void;
}

/** Before it is tried again. Changes that come one after another come to an end, mostly. */
const pausesMs = [500, 1_000, 2_000];

/**
 * Reads without holding up changes: the first that begins puts an end to the reading, and it is tried again a little
 * later, unless changes come all the time or it cannot be read.
 */
export async function look<State>(
  of: Changing<State>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  for (const pauseMs of pausesMs) {
    await of.still();
    signal.throwIfAborted();
    const disturbed = new AbortController();
    of.disturbs(() => disturbed.abort());
    const state = await of.read(AbortSignal.any([signal, disturbed.signal])).catch(() => undefined);
    signal.throwIfAborted();
    if (state !== undefined && !disturbed.signal.aborted) return of.accept(state);
    if (!disturbed.signal.aborted) break;
    await clock.sleep(pauseMs, signal);
  }
  of.accept(undefined);
}
