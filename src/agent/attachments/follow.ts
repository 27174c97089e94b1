import { TuttiError } from '../../model/errors.ts';
import { networkIdOf } from '../../model/network.ts';
import type { FollowPorts } from './ports.ts';

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** Who is told of containers and their networks. */
export interface Follower {
  /** All that run on networks of ours: when it begins, and whenever something may have been missed. */
  adopt(running: ReadonlySet<string>): void;
  /** Something of the container is different: it came to the network or (`has` is false) left it, or ('') it was started. */
  changed(container: string, network: string, has: boolean): void;
}

/** Follows the engine until the signal aborts; it does not reject. */
export async function followAttachments(
  { engine, clock, log }: FollowPorts,
  { adopt, changed }: Follower,
  signal: AbortSignal,
): Promise<void> {
  const list = async (): Promise<void> => {
    const running = await engine.runningOn({ signal });
    const ours = running.filter(({ networks }) => networks.some((name) => networkIdOf(name) !== undefined));
    adopt(new Set(ours.map(({ id }) => id)));
  };
  const follow = async (): Promise<void> => {
    const round = new AbortController();
    const until = AbortSignal.any([signal, round.signal]);
    const onOpen = (): void => void list().catch((thrown: unknown) => round.abort(thrown));
    for await (const { container, network, has } of engine.attachmentChanges({ signal: until, onOpen })) {
      changed(container, network, has);
    }
  };
  let pause = firstPauseMs;
  while (!signal.aborted) {
    await follow().catch((thrown: unknown) => {
      if (!signal.aborted) log.debug('attachments are not followed', { reason: TuttiError.from(thrown).message });
    });
    await clock.sleep(pause, signal).catch(() => undefined);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}
