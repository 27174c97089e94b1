import { TuttiError } from '../../model/errors.ts';
import type { AttachmentEvent, FollowPorts } from './ports.ts';

const firstPauseMs = 500;
const longestPauseMs = 10_000;

export interface EventListener {
  /** From here on every event is heard; what was heard before may be out of date. */
  opened(): void;
  /** All that run; events of after `opened` may have been heard before. */
  listed(running: readonly { readonly id: string; readonly networks: readonly string[] }[]): void;
  heard(event: AttachmentEvent): void;
}

/** One stream of the engine's events until the signal aborts, opened again after a growing pause, each time with a listing. Does not reject. */
export async function followEvents(
  { engine, clock, log }: Pick<FollowPorts, 'engine' | 'log'> & { readonly clock: Pick<FollowPorts['clock'], 'sleep'> },
  listener: EventListener,
  signal: AbortSignal,
): Promise<void> {
  let pause = firstPauseMs;
  const list = async (until: AbortSignal): Promise<void> => {
    listener.listed(await engine.runningOn({ signal: until }));
    pause = firstPauseMs;
  };
  const follow = async (): Promise<void> => {
    const round = new AbortController();
    const until = AbortSignal.any([signal, round.signal]);
    const onOpen = (): void => {
      listener.opened();
      list(until).catch((thrown: unknown) => round.abort(thrown));
    };
    try {
      for await (const event of engine.attachmentEvents({ signal: until, onOpen })) listener.heard(event);
    } finally {
      round.abort();
    }
  };
  while (!signal.aborted) {
    await follow().catch((thrown: unknown) => {
      if (!signal.aborted) log.debug('attachments are not followed', { reason: TuttiError.from(thrown).message });
    });
    await clock.sleep(pause, signal).catch(() => undefined);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}
