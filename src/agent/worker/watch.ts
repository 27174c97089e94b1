import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { ContainerEngine, EngineContainer, EngineEvent } from '../executor/engine.ts';
import { taskLabel } from '../executor/labels.ts';

export interface WatchPorts {
  readonly engine: Pick<ContainerEngine, 'events' | 'listContainers'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WatchListener {
  /** Called before a listing is asked for; what it gives comes back with the listing. */
  mark(): number;
  listed(containers: readonly EngineContainer[], mark: number): void;
  event(event: EngineEvent): void;
  /** The engine does not answer (any more). */
  lost(fault: TuttiError): void;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/**
 * Follows one engine until the signal aborts: its events, and a whole listing whenever the stream of events begins and
 * every `compareMs`. A broken stream is opened again after a growing pause. Never rejects.
 */
export async function watchEngine(
  { engine, clock, log }: WatchPorts,
  listener: WatchListener,
  compareMs: number,
  signal: AbortSignal,
): Promise<void> {
  const labels = [taskLabel];
  let pauseMs = firstPauseMs;
  const list = async (stop: AbortSignal): Promise<void> => {
    const mark = listener.mark();
    const containers = await engine.listContainers(labels, { signal: stop });
    pauseMs = firstPauseMs;
    listener.listed(containers, mark);
  };
  while (!signal.aborted) {
    const round = new AbortController();
    const stop = AbortSignal.any([signal, round.signal]);
    try {
      await followOnce(engine, labels, listener, stop, async () => {
        for (;;) {
          await list(stop);
          await clock.sleep(compareMs, stop);
        }
      });
    } catch (cause) {
      if (signal.aborted) break;
      const fault = TuttiError.from(cause);
      log.warn('the engine does not answer', { error: fault.message });
      listener.lost(fault);
    } finally {
      round.abort();
    }
    await clock.sleep(pauseMs, signal).catch(() => undefined);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** Runs `compare` beside the stream of events from its opening on; the first of the two to fail ends both. */
async function followOnce(
  engine: WatchPorts['engine'],
  labels: readonly string[],
  listener: WatchListener,
  signal: AbortSignal,
  compare: () => Promise<void>,
): Promise<void> {
  const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
  const follow = async (): Promise<never> => {
    for await (const event of engine.events({ labels, signal, onOpen })) listener.event(event);
    throw new TuttiError('unavailable', 'the stream of events ended');
  };
  await Promise.race([follow(), opened.then(compare)]);
}
