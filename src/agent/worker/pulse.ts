import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import type { ContainerEngine } from '../executor/engine.ts';
import { within } from '../within.ts';

/**
 * Whether the engine lives. An engine that hangs breaks no connection: without asking, it would be missed only when some
 * call's deadline is over. Lost is what a ping or the caller found; only the caller's own success makes it found again,
 * because an engine whose listing hangs may well answer pings.
 */
export interface Pulse {
  /** Asks whenever nothing was heard for a while, until the signal aborts. Never rejects. */
  run(): Promise<void>;
  /** The engine said something. */
  heard(): void;
  /** A call that counts was answered: true when the engine was lost until now. */
  answered(): boolean;
  /** A call that counts failed. */
  failed(fault: TuttiError): void;
  /** Waits for `ms`, less when an engine that was lost answers a ping. Rejects with the signal's reason. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export interface PulseOptions {
  readonly engine: Pick<ContainerEngine, 'ping'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once until the engine is found again. `since`: its last sign of life, by the monotonic clock. */
  readonly lost: (fault: TuttiError, since: number) => void;
}

/** After this long without a sign of life the engine is asked for one. */
const quietMs = 1_500;
/** Between two questions to an engine that is lost. */
const againMs = 500;
/** A ping that took longer than its deadline and this was late because this process slept: its answer may be waiting. */
const sleptMs = 3_000;

export function createPulse({ engine, clock, signal, lost }: PulseOptions): Pulse {
  let heardAt = clock.monotonic();
  let away = false;
  let pausing = new Set<() => void>();

  const heard = (): void => {
    heardAt = clock.monotonic();
  };
  const failed = (fault: TuttiError): void => {
    if (away) return;
    away = true;
    lost(fault, heardAt);
  };
  const ask = async (): Promise<void> => {
    const asked = clock.monotonic();
    try {
      await engine.ping({ signal });
      heard();
      if (!away) return;
      const waiting = pausing;
      pausing = new Set();
      for (const wake of waiting) wake();
    } catch (cause) {
      const answeredElse = heardAt > asked;
      const slept = clock.monotonic() - asked > sleptMs;
      if (!signal.aborted && !answeredElse && !slept) failed(TuttiError.from(cause));
    }
  };
  return {
    async run() {
      while (!signal.aborted) {
        const quiet = clock.monotonic() - heardAt;
        await clock.sleep(Math.max(againMs, quietMs - quiet), signal).catch(() => undefined);
        if (!signal.aborted && clock.monotonic() - heardAt >= quietMs) await ask();
      }
    },
    heard,
    answered() {
      heard();
      const before = away;
      away = false;
      return before;
    },
    failed,
    async pause(ms, stop) {
      const { promise, resolve } = Promise.withResolvers<void>();
      pausing.add(resolve);
      try {
        await within(ms, promise, clock, stop);
      } finally {
        pausing.delete(resolve);
      }
    },
  };
}
