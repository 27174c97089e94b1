import type { AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';
import type { Clock, Log } from '../../../platform/ports.ts';
import { mustSeal, nextSeal, passes } from './seal.ts';
import type { Seal, SealTimes } from './seal.ts';
import type { FoundTunnel } from './state.ts';

export interface SealPorts {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Default: `usualTimes`. */
  readonly sealTimes?: SealTimes;
}

/** How far the traffic with each peer is encrypted, by the peer's address on the wire. */
export interface Seals {
  all(): ReadonlyMap<string, Seal>;
  of(address: string): Seal;
  /** What the kernel has of a former run. */
  resume(before: ReadonlyMap<string, Seal>): void;
  /** Each peer at the step where it is now. */
  step(self: AssignedSelf, peers: readonly AssignedPeer[], found: FoundTunnel): void;
  /** Whether anything is encrypted with a peer, or has to be. */
  concern(self: AssignedSelf, peers: readonly AssignedPeer[]): boolean;
  /** Time will change something. */
  areMoving(): boolean;
}

/** Calls `changed` when a peer goes a step. */
export function createSeals({ clock, log, sealTimes }: SealPorts, changed: () => void): Seals {
  let seals: ReadonlyMap<string, Seal> = new Map();
  return {
    all: () => seals,
    of: (address) => seals.get(address) ?? { kind: 'open' },
    resume: (before) => void (seals = before),
    step(self, peers, found) {
      const now = clock.now();
      const met = new Set(
        [...found.peers.values()].flatMap(({ endpoint, handshake }) => (handshake > 0 ? endpoint : [])),
      );
      const next = new Map<string, Seal>();
      for (const peer of peers) {
        const before = seals.get(peer.address);
        const peering = { wanted: mustSeal(self, peer), met: met.has(peer.address), now };
        const seal = nextSeal(before, peering, sealTimes);
        if (before !== undefined && before.kind !== seal.kind) {
          changed();
          log.info('encryption', { peer: peer.name, from: before.kind, to: seal.kind });
        }
        next.set(peer.address, seal);
      }
      seals = next;
    },
    concern: (self, peers) =>
      [...seals.values()].some(({ kind }) => kind !== 'open') || peers.some((peer) => mustSeal(self, peer)),
    areMoving: () => [...seals.values()].some(passes),
  };
}
