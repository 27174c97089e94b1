import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { ContainerEngine, EngineContainer, EngineEvent } from '../executor/engine.ts';
import { taskLabel } from '../executor/labels.ts';
import { createPulse } from './pulse.ts';
import type { Pulse } from './pulse.ts';

export interface WatchPorts {
  readonly engine: Pick<ContainerEngine, 'ping' | 'events' | 'listContainers'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WatchListener {
  /** Called before a listing is asked for; what it gives comes back with the listing. */
  mark(): number;
  /** The engine answers. */
  listed(containers: readonly EngineContainer[], mark: number): void;
  event(event: EngineEvent): void;
  /** The engine does not answer (any more) since then, by the monotonic clock. Called once until the next listing. */
  lost(fault: TuttiError, since: number): void;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/**
 * Follows one engine until the signal aborts: its events, and a whole listing whenever the stream of events begins and
 * every `compareMs`. A broken stream is opened again after a growing pause; one that is silent because the engine hangs
 * is kept, and the listing comes as soon as the engine gives a sign of life again. Never rejects.
 */
export async function watchEngine(
  { engine, clock, log }: WatchPorts,
  listener: WatchListener,
  compareMs: number,
  signal: AbortSignal,
): Promise<void> {
  const labels = [taskLabel];
  let pauseMs = firstPauseMs;
  const pulse = createPulse({
    engine,
    clock,
    signal,
    lost: (fault, since) => {
      log.warn('the engine does not answer', { error: fault.message });
      listener.lost(fault, since);
    },
  });
  const list = async (stop: AbortSignal): Promise<void> => {
    const mark = listener.mark();
    const containers = await engine.listContainers(labels, { signal: stop });
    pauseMs = firstPauseMs;
    if (pulse.answered()) log.info('the engine answers again');
    listener.listed(containers, mark);
  };
  const compare = async (stop: AbortSignal): Promise<never> => {
    for (;;) {
      await list(stop);
      await pulse.pause(compareMs, stop);
    }
  };
  const beating = pulse.run();
  while (!signal.aborted) {
    const round = new AbortController();
    const stop = AbortSignal.any([signal, round.signal]);
    try {
      await followOnce({ engine, pulse, listener, compare }, labels, stop);
    } catch (cause) {
      if (signal.aborted) break;
      pulse.failed(TuttiError.from(cause));
    } finally {
      round.abort();
    }
    await pulse.pause(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
  await beating;
}

interface Round {
  readonly engine: WatchPorts['engine'];
  readonly pulse: Pick<Pulse, 'heard'>;
  readonly listener: WatchListener;
  readonly compare: (stop: AbortSignal) => Promise<never>;
}

/** Runs `compare` beside the stream of events from its opening on; the first of the two to fail ends both. */
async function followOnce(
  { engine, pulse, listener, compare }: Round,
  labels: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const follow = async (): Promise<never> => {
    for await (const event of engine.events({ labels, signal, onOpen })) {
      pulse.heard();
      listener.event(event);
    }
    throw new TuttiError('unavailable', 'the stream of events ended');
  };
  await Promise.race([follow(), opened.then(async () => await compare(signal))]);
}
