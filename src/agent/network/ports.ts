import type { Assignments, Observations } from './endpoints.ts';

/** Runs a program to its end, without a shell. Code -1: it could not be started or was killed. */
export type Exec = (
  command: string,
  args: readonly string[],
  options?: { readonly input?: string; readonly timeoutMs?: number; readonly signal?: AbortSignal },
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/** Settings of the kernel, as files: `/proc/sys/net/ipv4/ip_forward`. */
export interface KernelSettings {
  /** Undefined when there is no such setting (the device is not there). */
  read(path: string): string | undefined;
  /** False when there is no such setting. */
  write(path: string, value: string): boolean;
  /** Empty when there is no such directory. */
  list(directory: string): readonly string[];
}

/** A network of the engine, as a listing shows it. */
export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly subnets: readonly { readonly subnet: string; readonly gateway?: string }[];
}

/** What the engine is asked to make: a bridge network. */
export interface DockerNetworkRequest {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly subnet: string;
  readonly gateway: string;
  readonly ipv6?: { readonly subnet: string; readonly gateway: string } | undefined;
}

/** The engine's networks. Throws TuttiError. */
export interface DockerNetworks {
  /** Those that have the label. */
  list(label: string, signal?: AbortSignal): Promise<readonly DockerNetwork[]>;
  /** Gives the id. */
  create(request: DockerNetworkRequest, signal?: AbortSignal): Promise<string>;
  /** False when there was none. Throws `permission-denied` or `conflict` while containers are on it. */
  remove(id: string, signal?: AbortSignal): Promise<boolean>;
}

/** How a container is put on a network of this node; the executor's own port, seen from the side that serves it. */
export interface PreparedNetwork {
  readonly dockerNetwork: string;
  readonly dns: readonly string[];
  /** It has IPv6 on this node: containers on it get their address of it. */
  readonly ipv6?: true;
}

/** What the resolver has to do for networks: see dns/. */
export interface Resolver {
  /** Has it answer from these from now on: told at once, in force a moment later. */
  update(assignments: Assignments, observations: Observations): void;
  /** Has it listen on the address from now on. Resolves when it does; rejects with a reason for people. */
  listen(address: string): Promise<void>;
  /** Resolves when what was told until now is in force. */
  settled(): Promise<void>;
}
