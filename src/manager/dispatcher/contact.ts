import type { NodeContact } from '../../core/heal/heal.ts';

/** What is known of a node's connection, for the judgement and for people. */
export interface Contact extends NodeContact {
  readonly address?: string;
  /** Of its session: it keeps the pace that it was told, whatever the cluster's settings became since. */
  readonly timeoutMs?: number;
  /** When this manager first had the node in its sight: the beginning of its grace period. */
  readonly firstSeen: number;
  /** `engineAwaySince` by the clock on the wall, for people. */
  readonly engineAwayAt?: number;
}

/** A session has begun: what was known of the end of the one before is over. */
export const connected = (
  contact: Contact,
  session: { readonly address: string; readonly timeoutMs: number },
  now: number,
): Contact => {
  const { tookLeave: _, answeredAt: _at, ...before } = contact;
  return { ...before, ...session, connected: true, lastSeen: now };
};

/** The engine went away, by both clocks, or is back. */
export const withEngine = (
  contact: Contact,
  away: Pick<Contact, 'engineAwaySince' | 'engineAwayAt'> | 'back',
): Contact => {
  const { engineAwaySince: _since, engineAwayAt: _at, ...rest } = contact;
  return away === 'back' ? rest : { ...rest, ...away };
};

/** The node is not to blame for that time: this manager was stopped. */
export const givenBack = (contact: Contact, ms: number): Contact => {
  const { firstSeen, lastSeen, answeredAt, engineAwaySince } = contact;
  if (lastSeen === undefined) return { ...contact, firstSeen: firstSeen + ms };
  return {
    ...contact,
    lastSeen: lastSeen + ms,
    ...(answeredAt !== undefined && { answeredAt: answeredAt + ms }),
    ...(engineAwaySince !== undefined && { engineAwaySince: engineAwaySince + ms }),
  };
};
