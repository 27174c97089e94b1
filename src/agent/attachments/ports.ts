import type { Clock, Log } from '../../platform/ports.ts';

/** A container's end on a network, as its engine has it. */
export interface Attachment {
  /** What the engine calls the network. */
  readonly name: string;
  readonly address: string;
  readonly gateway: string;
  /** '' where it has none. */
  readonly address6: string;
  readonly mac: string;
}

/** A container as its engine has it on networks. */
export interface Attachments {
  /** 0 where it does not run. */
  readonly pid: number;
  /** Resolvers that the engine asks for it. */
  readonly dns: readonly string[];
  readonly networks: readonly Attachment[];
}

/** What the engine tells of containers and its networks. At its start a container comes to its networks, at its end it leaves them. */
export type AttachmentEvent =
  | { readonly kind: 'started' | 'ended'; readonly container: string }
  | { readonly kind: 'joined' | 'left'; readonly container: string; readonly network: string };

/** What the engine is asked about containers and networks. Throws TuttiError. */
export interface AttachmentEngine {
  /** Goes on until the signal aborts or the connection breaks. `onOpen`: from here on nothing is missed. */
  attachmentEvents(options: {
    readonly signal: AbortSignal;
    readonly onOpen: () => void;
  }): AsyncIterable<AttachmentEvent>;
  runningOn(options: {
    readonly signal: AbortSignal;
  }): Promise<readonly { readonly id: string; readonly networks: readonly string[] }[]>;
  /** Undefined: there is none. */
  attachmentsOf(id: string, options: { readonly signal: AbortSignal }): Promise<Attachments | undefined>;
}

export interface FollowPorts {
  readonly engine: AttachmentEngine;
  readonly clock: Pick<Clock, 'sleep' | 'after' | 'monotonic'>;
  readonly log: Log;
}

/** What subscribers are told. */
export type AttachmentChange =
  /** The first word: all that run are known, but for those that could not be inspected for a minute. They are told of when they are. */
  | { readonly kind: 'known' }
  /** It was started, came to a network or left one: it is in `containers` as it is now. */
  | { readonly kind: 'present'; readonly container: string }
  /** It does not run any more. */
  | { readonly kind: 'ended'; readonly container: string };

/** Which containers are on networks of ours. */
export interface AttachmentFollower {
  /** Those that run and are, or since their start were, on a network of ours, by id. */
  readonly containers: ReadonlyMap<string, Attachments>;
  /** Who comes late is told at once that all are known. A subscriber that throws keeps nothing from the others. */
  subscribe(subscriber: (change: AttachmentChange) => void): Disposable;
  /** Resolves when all that was heard of until now was looked at; rejects with why it could not be. */
  settled(): Promise<void>;
}
