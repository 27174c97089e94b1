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

/** What the engine tells of containers and networks. Throws TuttiError. */
export interface AttachmentEngine {
  /**
   * Each coming to a network and leaving it, and each start of a container (with '' for the network), until the signal aborts
   * or the connection breaks. `has`: it did not leave. `onOpen`: from here on nothing is missed.
   */
  attachmentChanges(options: {
    readonly signal: AbortSignal;
    readonly onOpen: () => void;
  }): AsyncIterable<{ readonly container: string; readonly network: string; readonly has: boolean }>;
  runningOn(options: {
    readonly signal: AbortSignal;
  }): Promise<readonly { readonly id: string; readonly networks: readonly string[] }[]>;
  /** Undefined: there is none. */
  attachmentsOf(id: string, options: { readonly signal: AbortSignal }): Promise<Attachments | undefined>;
}

export interface FollowPorts {
  readonly engine: AttachmentEngine;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}
