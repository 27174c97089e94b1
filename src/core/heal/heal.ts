import type { NodeState } from '../../model/node.ts';

/** What is known of a node's connection. Times are milliseconds of one clock, the caller's monotonic one. */
export interface NodeContact {
  readonly connected: boolean;
  /** When it last said anything; absent when it has not been heard since this manager leads. */
  readonly lastSeen?: number;
  /** Since when its engine has not answered; absent while it does. */
  readonly engineAwaySince?: number;
}

export interface HealOptions {
  readonly now: number;
  /** When this manager began to lead. */
  readonly leaderSince: number;
  readonly nodeTimeoutMs: number;
}

export interface NodeJudgement {
  readonly state: NodeState;
  readonly message: string;
  /** What it lacks is an engine that answers. */
  readonly engineAway?: true;
  /** When to judge again if nothing is heard until then; absent when time alone changes nothing. */
  readonly judgeAgainAt?: number;
}

/**
 * What a node that lives may need to come back to a leader that begins: a hiccup of five seconds, the pause between two
 * attempts before and after it, and a connection.
 */
const returnMs = 8_000;

/** An engine that restarts is back within this; after it, nothing that the node has can be counted on. */
export const engineGraceMs = 30_000;

/** When a node that a new leader has not heard of yet counts as down. */
const graceEnd = (options: Pick<HealOptions, 'leaderSince' | 'nodeTimeoutMs'>): number =>
  options.leaderSince + Math.max(2 * options.nodeTimeoutMs, returnMs);

/**
 * Whether a node is up. A lost connection alone means little (an agent that restarts comes back in a moment): only
 * silence for `nodeTimeoutMs` makes a node down, and so its tasks are replaced. The same goes for its engine, which gets
 * longer: with it away the node takes nothing new.
 */
export const judgeNode = (contact: NodeContact, options: HealOptions): NodeJudgement => {
  const { now, nodeTimeoutMs } = options;
  if (contact.lastSeen === undefined) {
    const end = graceEnd(options);
    if (now >= end) return { state: 'down', message: 'has not connected since this manager began to lead' };
    return { state: 'unknown', message: 'has not connected to this manager yet', judgeAgainAt: end };
  }
  const end = contact.lastSeen + nodeTimeoutMs;
  if (now >= end) return { state: 'down', message: `silent for more than ${nodeTimeoutMs} ms` };
  if (contact.engineAwaySince !== undefined) return withoutEngine(contact.engineAwaySince + engineGraceMs, end, now);
  if (contact.connected) return { state: 'ready', message: '', judgeAgainAt: end };
  return { state: 'disconnected', message: 'the connection was lost', judgeAgainAt: end };
};

const withoutEngine = (graceEnds: number, silentAt: number, now: number): NodeJudgement => {
  const engineAway = true;
  if (now < graceEnds) {
    const judgeAgainAt = Math.min(graceEnds, silentAt);
    return { state: 'disconnected', message: 'its Docker Engine does not answer', engineAway, judgeAgainAt };
  }
  const message = 'its Docker Engine does not answer: its tasks are replaced, their containers may still run';
  return { state: 'down', message, engineAway, judgeAgainAt: silentAt };
};
