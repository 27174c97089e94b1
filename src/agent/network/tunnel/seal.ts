import type { AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';

/**
 * How far the traffic with one peer is encrypted. It changes in steps, so that what the other node does a moment earlier or
 * later is not lost: what comes in is taken both ways while one of the two may still be at the former step.
 */
export type Seal =
  /** In clear, both ways. */
  | { readonly kind: 'open' }
  /** In clear until the peer has shaken hands. */
  | { readonly kind: 'waiting'; readonly since: number }
  /** Sent encrypted, taken both ways. */
  | { readonly kind: 'sending'; readonly since: number }
  /** Nothing in clear, neither way. */
  | { readonly kind: 'sealed' }
  /** No longer wanted: still sent encrypted, taken both ways. */
  | { readonly kind: 'opening'; readonly since: number }
  /** Sent in clear, taken both ways. */
  | { readonly kind: 'closing'; readonly since: number };

/** How long the steps take, in ms. */
export interface SealTimes {
  /** A peer that does not shake hands is cut off then: it is not talked to in clear for ever. */
  readonly wait: number;
  /** Nodes that are told at one time do it within this. */
  readonly settle: number;
  readonly close: number;
}

export const usualTimes: SealTimes = { wait: 30_000, settle: 10_000, close: 20_000 };

/** Whether nothing may go between the two in clear. Both nodes come to the same. */
export function mustSeal(self: AssignedSelf, peer: AssignedPeer): boolean {
  if (self.encryption === 'on') return true;
  const differ = self.machine !== undefined && peer.machine !== undefined && self.machine !== peer.machine;
  return self.encryption === 'auto' && differ && self.publicKey !== undefined && peer.publicKey !== undefined;
}

export interface Peering {
  readonly wanted: boolean;
  /** There has been a handshake by WireGuard. */
  readonly met: boolean;
  readonly now: number;
}

/** The step after `before`; undefined: nothing has gone to this peer yet, so nothing has to be waited for. */
export function nextSeal(before: Seal | undefined, { wanted, met, now }: Peering, times = usualTimes): Seal {
  if (before === undefined) return wanted ? { kind: 'sealed' } : { kind: 'open' };
  const past = (ms: number): boolean => 'since' in before && now - before.since >= ms;
  switch (before.kind) {
    case 'open':
    case 'closing':
      if (wanted) return { kind: 'waiting', since: now };
      return before.kind === 'closing' && past(times.close) ? { kind: 'open' } : before;
    case 'waiting':
      if (!wanted) return { kind: 'closing', since: now };
      if (met) return { kind: 'sending', since: now };
      return past(times.wait) ? { kind: 'sealed' } : before;
    case 'sending':
      if (!wanted) return { kind: 'opening', since: now };
      return past(times.settle) ? { kind: 'sealed' } : before;
    case 'sealed':
      return wanted ? before : { kind: 'opening', since: now };
    case 'opening':
      if (wanted) return { kind: 'sending', since: now };
      return past(times.settle) ? { kind: 'closing', since: now } : before;
  }
}

/** What is sent to the peer goes by WireGuard. */
export const sends = ({ kind }: Seal): boolean => kind === 'sending' || kind === 'sealed' || kind === 'opening';
/** What comes in clear is dropped. */
export const refuses = ({ kind }: Seal): boolean => kind === 'sealed';
/** Time will change it. */
export const passes = ({ kind }: Seal): boolean => kind !== 'open' && kind !== 'sealed';
