import type { AttachmentChange, AttachmentFollower, Attachments } from '../ports.ts';

/** A follower whose containers are what the test says; nothing is known until it tells so. */
export function fakeAttachments(running: Iterable<readonly [string, Attachments]> = []) {
  const containers = new Map(running);
  const subscribers = new Set<(change: AttachmentChange) => void>();
  const tell = (change: AttachmentChange): void => subscribers.forEach((subscriber) => subscriber(change));
  return {
    containers,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return { [Symbol.dispose]: () => void subscribers.delete(subscriber) };
    },
    settled: async () => await Promise.resolve(),
    tell,
    present(container: string, attachments: Attachments) {
      containers.set(container, attachments);
      tell({ kind: 'present', container });
    },
    ended(container: string) {
      containers.delete(container);
      tell({ kind: 'ended', container });
    },
  } satisfies AttachmentFollower & Record<string, unknown>;
}
