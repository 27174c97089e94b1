import type { NodeKeys } from './key.ts';

/** Where the node's keys are kept: readable by root alone. */
export interface KeyStore {
  /** Undefined when there are none, or they cannot be read. */
  load(): Promise<NodeKeys | undefined>;
  save(keys: NodeKeys): Promise<void>;
}

/**
 * Calls back, once, when the process behind a device of wireguard-go is gone. Devices of the kernel have none: nothing happens
 * then, and the comparison finds them.
 */
export type WatchDevice = (device: string, gone: () => void) => Disposable;
