import { followEvents } from './events.ts';
import { createLooks } from './looks.ts';
import { createPicture } from './picture.ts';
import type { Consequence } from './picture.ts';
import type { AttachmentChange, AttachmentFollower, FollowPorts } from './ports.ts';

type Subscriber = Parameters<AttachmentFollower['subscribe']>[0];

/** What came to a network before anybody listened has started by then, or never does. */
const freshMs = 60_000;

/** Follows the engine until it is disposed of: one stream of events, one inspection for the start of a container. */
export function followAttachments(ports: FollowPorts): AttachmentFollower & AsyncDisposable {
  const { clock, log } = ports;
  const ended = new AbortController();
  const picture = createPicture();
  const subscribers = new Set<Subscriber>();
  let freshUntil = 0;
  let isListed = false;
  let isKnown = false;

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
  const looks = createLooks(ports, {
    inspected: (container, found) => follows(container, picture.inspected(container, found)),
    rested() {
      if (!isListed || isKnown) return;
      isKnown = true;
      tell({ kind: 'known' });
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
        isListed = true;
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
      await looks[Symbol.asyncDispose]();
    },
  };
}
