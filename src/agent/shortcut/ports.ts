import type { Clock, Log } from '../../platform/ports.ts';
import type { Exec } from '../network/ports.ts';

/** A container as its engine has it on networks. */
export interface Attachments {
  /** 0 where it does not run. */
  readonly pid: number;
  /** Resolvers that the engine asks for it. */
  readonly dns: readonly string[];
  readonly networks: readonly { readonly name: string; readonly address: string; readonly gateway: string }[];
}

/** What the engine tells of containers and networks. Throws TuttiError. */
export interface AttachmentEngine {
  /** Each coming and going, until the signal aborts or the connection breaks. `onOpen`: from here on nothing is missed. */
  attachmentChanges(options: {
    readonly signal: AbortSignal;
    readonly onOpen: () => void;
  }): AsyncIterable<{ readonly container: string; readonly network: string }>;
  runningOn(options: {
    readonly signal: AbortSignal;
  }): Promise<readonly { readonly id: string; readonly networks: readonly string[] }[]>;
  /** Undefined: there is none. */
  attachmentsOf(id: string, options: { readonly signal: AbortSignal }): Promise<Attachments | undefined>;
  /** Networks with the label. */
  listNetworks(
    labels: readonly string[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly { readonly name: string; readonly internal: boolean }[]>;
}

export interface ShortcutPorts {
  readonly engine: AttachmentEngine;
  readonly exec: Exec;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}
