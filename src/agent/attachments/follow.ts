import type { Timer } from '../../platform/ports.ts';
import { followEvents } from './events.ts';
import { createLooks } from './looks.ts';
import { createPicture } from './picture.ts';
import type { Consequence } from './picture.ts';
import type { AttachmentChange, AttachmentFollower, FollowPorts } from './ports.ts';

type Subscriber = Parameters<AttachmentFollower['subscribe']>[0];

/** What came to a network before anybody listened has started by then, or never does. */
const freshMs = 60_000;
/** A container that cannot be inspected keeps the others from being told of for no longer than this. */
const patienceMs = 60_000;
const mostNamed = 10;

/** Follows the engine until it is disposed of: one stream of events, one inspection for the start of a container. */
export function followAttachments(ports: FollowPorts): AttachmentFollower & AsyncDisposable {
  const { clock, log } = ports;
  const ended = new AbortController();
  const picture = createPicture();
  const subscribers = new Set<Subscriber>();
  let freshUntil = 0;
  let isKnown = false;
  /** Set when the engine has first listed what runs, and from then on, run out or not: `rested` tells by it that there was a list. */
  let patience: Timer | undefined;
  let isImpatient = false;

  const tellOne = (subscriber: Subscriber, change: AttachmentChange): void => {
    try {
      subscriber(change);
    } catch (thrown) {
      log.error('a change of a container was not taken', { change: change.kind, reason: String(thrown) });
    }
  };
  const tell = (change: AttachmentChange): void => {
    if (isKnown) for (const subscriber of subscribers) tellOne(subscriber, change);
  };
  const follows = (container: string, consequence: Consequence): void => {
    if (consequence === 'look') looks.want([container]);
    else if (consequence !== undefined) tell({ kind: consequence, container });
  };
  const know = (): void => {
    isKnown = true;
    tell({ kind: 'known' });
  };
  /** Knowing of none at all is of use to nobody: what an agent before this one did for them would only be undone. */
  const knowWithout = (): void => {
    if (!isImpatient || isKnown || picture.containers.size === 0) return;
    const missing = looks.unanswered().filter((id) => !picture.containers.has(id));
    const named = missing.slice(0, mostNamed).join();
    if (named !== '') log.warn('going on without what could not be inspected', { containers: missing.length, named });
    know();
  };
  const looks = createLooks(ports, {
    inspected(container, found) {
      follows(container, picture.inspected(container, found));
      knowWithout();
    },
    rested() {
      if (patience !== undefined && !isKnown) know();
    },
  });
  const following = followEvents(
    ports,
    {
      opened() {
        picture.opened();
        freshUntil = clock.monotonic() + freshMs;
      },
      listed(running) {
        const { look, ended } = picture.listed(running);
        for (const container of ended) follows(container, 'ended');
        patience ??= clock.after(patienceMs, () => {
          isImpatient = true;
          knowWithout();
        });
        looks.want(look);
      },
      heard(event) {
        const { kind, container } = event;
        if (kind === 'ended') looks.forget(container);
        if (kind === 'left' && looks.isUnderWay(container)) looks.want([container]);
        follows(container, picture.heard(event, clock.monotonic() < freshUntil));
      },
    },
    ended.signal,
  );

  return {
    containers: picture.containers,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      if (isKnown) tellOne(subscriber, { kind: 'known' });
      return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
    },
    settled: async () => await looks.settled(),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await following;
      patience?.cancel();
      await looks[Symbol.asyncDispose]();
    },
  };
}
