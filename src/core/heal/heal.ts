import type { NodeState } from '../../model/node.ts';

/** What is known of a node's connection. Times are milliseconds of one clock, the caller's monotonic one. */
export interface NodeContact {
  readonly connected: boolean;
  /** When it last said anything; absent when it has not been heard since this manager leads. */
  readonly lastSeen?: number;
  /** Its agent took leave: it is not expected back at once. */
  readonly tookLeave?: true;
  /** When its machine last answered that it is up, whatever its agent does. */
  readonly answeredAt?: number;
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
  /** Its machine is to be asked whether it is up: that may give its agent more time. */
  readonly inDoubt?: true;
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

/** An agent that was killed is started again, has read its disk and connected within this, on a machine with much else to do too. */
const agentGraceMs = 15_000;

/** Asking a machine takes so long at most. */
const askMs = 1_000;

/** What a machine answered says that it is up for so long; it is asked again well before that. */
const answerHoldsMs = 2_000;

/** When a node that a new leader has not heard of yet counts as down. */
const graceEnd = (options: Pick<HealOptions, 'leaderSince' | 'nodeTimeoutMs'>): number =>
  options.leaderSince + Math.max(2 * options.nodeTimeoutMs, returnMs);

/**
 * When a silent node is down. While its machine answers it is only its agent that is away or stands still, and that gets longer:
 * what runs there goes on, and whatever started the agent is starting it again.
 */
const silenceEnd = (answeredAt: number | undefined, lastSeen: number, quietAt: number): number =>
  answeredAt === undefined || answeredAt <= lastSeen
    ? quietAt
    : Math.max(quietAt, Math.min(lastSeen + agentGraceMs, answeredAt + answerHoldsMs));

/**
 * Whether a node is up. A lost connection alone means little (an agent that restarts comes back in a moment): only
 * silence for `nodeTimeoutMs` makes a node down, more where its machine answers, and so its tasks are replaced. The same goes for its engine, which gets
 * longer: with it away the node takes nothing new.
 */
export const judgeNode = (contact: NodeContact, options: HealOptions): NodeJudgement => {
  const { now, nodeTimeoutMs } = options;
  if (contact.lastSeen === undefined) {
    const end = graceEnd(options);
    if (now >= end) return { state: 'down', message: 'has not connected since this manager began to lead' };
    return { state: 'unknown', message: 'has not connected to this manager yet', judgeAgainAt: end };
  }
  const quietAt = contact.lastSeen + nodeTimeoutMs;
  const end = silenceEnd(contact.answeredAt, contact.lastSeen, quietAt);
  if (now >= end) return { state: 'down', message: `silent for more than ${nodeTimeoutMs / 1000} s` };
  const judged = whileUp(contact, { now, quietAt, end });
  if (judged.state === 'down' || contact.tookLeave) return judged;
  const doubtAt = contact.connected ? quietAt - askMs : now;
  if (now >= doubtAt) return { ...judged, inDoubt: true };
  return { ...judged, judgeAgainAt: Math.min(judged.judgeAgainAt ?? doubtAt, doubtAt) };
};

interface Silence {
  readonly now: number;
  /** From here on it is too long, if it is not known why. */
  readonly quietAt: number;
  /** From here on it is too long whatever is known. */
  readonly end: number;
}

const whileUp = (contact: NodeContact, { now, quietAt, end }: Silence): NodeJudgement => {
  if (contact.engineAwaySince !== undefined) return withoutEngine(contact.engineAwaySince + engineGraceMs, end, now);
  const state = 'disconnected';
  if (now >= quietAt) return { state, message: 'its agent is not heard, its machine answers', judgeAgainAt: end };
  if (!contact.connected) return { state, message: 'the connection to its agent was lost', judgeAgainAt: quietAt };
  return { state: 'ready', message: '', judgeAgainAt: quietAt };
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
