import { judgeNode } from '../../core/heal/heal.ts';
import type { NodeContact } from '../../core/heal/heal.ts';
import { silenceMs } from '../../model/cluster.ts';
import type { NodeId } from '../../model/ids.ts';
import type { NodeStatus } from '../../model/node.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { stallMs } from './stall.ts';

/** Who was heard when, and so which node is up. Writer of the table `nodeStatus`. */
export interface Liveness extends Disposable {
  /** The node has a session now, from this address. `timeoutMs`: the silence that it was told of, see `silenceMs`. */
  connected(nodeId: NodeId, address: string, timeoutMs: number): void;
  /** `broken`: without a word from its agent, which may have been killed. */
  disconnected(nodeId: NodeId, how: 'orderly' | 'broken'): void;
  /** The node said something. */
  heard(nodeId: NodeId): void;
  /** It has not been heard as it should; its machine is asked whether it is up. */
  inDoubt(nodeId: NodeId): boolean;
  /** Its engine has not answered for so long; undefined: it does. */
  engine(nodeId: NodeId, awayMs: number | undefined): void;
}

export interface LivenessPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the machine at this address answers, agent or not. Takes a second at most. */
  readonly answers: (address: string, signal: AbortSignal) => Promise<boolean>;
}

interface Known extends NodeContact {
  readonly address?: string;
  /** Of its session: it keeps the pace that it was told, whatever the cluster's settings became since. */
  readonly timeoutMs?: number;
  /** When this manager first had the node in its sight: the beginning of its grace period. */
  readonly firstSeen: number;
  /** `engineAwaySince` by the clock on the wall, for people. */
  readonly engineAwayAt?: number;
}

/** Two judgements are at least this far apart. */
const leastPauseMs = 50;
const longestPauseMs = 10_000;
/** A machine whose agent is not heard is asked this often. */
const askPauseMs = 500;

const sinceOf = ({ engineAwayAt = 0 }: Known): string =>
  `since ${new Date(engineAwayAt).toISOString().replace(/\.\d+Z$/, 'Z')}`;

export const createLiveness = ({ store, clock, log, answers }: LivenessPorts): Liveness => {
  const known = new Map<NodeId, Known>();
  /** Those whose machines are asked whether they are up. */
  const doubted = new Map<NodeId, AbortController>();
  const stop = new AbortController();
  let due = Number.POSITIVE_INFINITY;
  let timer: Timer | undefined;

  const timeoutOf = ({ timeoutMs = 0 }: Known): number => {
    const [cluster] = store.view.list('cluster');
    return Math.max(timeoutMs, silenceMs(cluster?.spec));
  };
  const awaySince = (awayMs: number) => ({
    engineAwaySince: clock.monotonic() - awayMs,
    engineAwayAt: clock.now() - awayMs,
  });
  const contact = (nodeId: NodeId): Known => known.get(nodeId) ?? { connected: false, firstSeen: clock.monotonic() };

  const write = (status: Omit<NodeStatus, 'since'>): void => {
    const before = store.view.get('nodeStatus', status.nodeId);
    const same = before?.state === status.state;
    const alike = same && before.message === status.message && before.engineAway === status.engineAway;
    if (alike && before.address === status.address) return;
    store.observe((soft) =>
      soft.put('nodeStatus', status.nodeId, { ...status, since: same ? before.since : clock.now() }),
    );
    if (!same) {
      log.info('node changed its state', { node: status.nodeId, from: before?.state ?? 'none', to: status.state });
    }
  };

  /** Asks the machine until there is no doubt any more. */
  const ask = async (nodeId: NodeId, address: string): Promise<void> => {
    if (doubted.has(nodeId)) return;
    const over = new AbortController();
    doubted.set(nodeId, over);
    const signal = AbortSignal.any([over.signal, stop.signal]);
    while (!signal.aborted) {
      const isUp = await answers(address, signal).catch(() => false);
      const entry = known.get(nodeId);
      if (isUp && entry !== undefined && !signal.aborted) {
        known.set(nodeId, { ...entry, answeredAt: clock.monotonic() });
        schedule(judge(nodeId));
      }
      await clock.sleep(askPauseMs, signal).catch(() => undefined);
    }
  };
  const believe = (nodeId: NodeId): void => {
    doubted.get(nodeId)?.abort();
    doubted.delete(nodeId);
  };

  /** Judges one node now; returns when to do it again. */
  const judge = (nodeId: NodeId): number => {
    const entry = contact(nodeId);
    known.set(nodeId, entry);
    const options = { now: clock.monotonic(), leaderSince: entry.firstSeen, nodeTimeoutMs: timeoutOf(entry) };
    const { state, engineAway, judgeAgainAt, inDoubt, ...judged } = judgeNode(entry, options);
    const message = engineAway === true ? `${judged.message} (${sinceOf(entry)})` : judged.message;
    const address = entry.address ?? store.view.get('nodeStatus', nodeId)?.address;
    write({ nodeId, state, message, ...(engineAway && { engineAway }), ...(address !== undefined && { address }) });
    if (inDoubt === true && entry.address !== undefined) void ask(nodeId, entry.address);
    else believe(nodeId);
    return judgeAgainAt ?? Number.POSITIVE_INFINITY;
  };

  const schedule = (at: number): void => {
    const now = clock.monotonic();
    const next = Math.min(Math.max(at, now + leastPauseMs), now + longestPauseMs);
    if (stop.signal.aborted || next >= due) return;
    due = next;
    timer?.cancel();
    timer = clock.after(next - now, judgeAll);
  };
  const forgive = (lateMs: number): void => {
    log.warn('this manager was stopped for a while: nodes get the time back', { ms: Math.round(lateMs) });
    for (const [nodeId, entry] of known) {
      const { firstSeen, lastSeen, answeredAt, engineAwaySince } = entry;
      if (lastSeen === undefined) {
        known.set(nodeId, { ...entry, firstSeen: firstSeen + lateMs });
        continue;
      }
      known.set(nodeId, {
        ...entry,
        lastSeen: lastSeen + lateMs,
        ...(answeredAt !== undefined && { answeredAt: answeredAt + lateMs }),
        ...(engineAwaySince !== undefined && { engineAwaySince: engineAwaySince + lateMs }),
      });
    }
  };
  const judgeAll = (): void => {
    const late = clock.monotonic() - due;
    if (late > stallMs) forgive(late);
    due = Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (const { id } of store.view.list('node')) next = Math.min(next, judge(id));
    schedule(next);
  };

  const remove = (nodeId: NodeId): void => {
    known.delete(nodeId);
    believe(nodeId);
    if (store.view.get('nodeStatus', nodeId) !== undefined) store.observe((soft) => soft.drop('nodeStatus', nodeId));
  };
  const subscription = store.subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.table === 'cluster') schedule(0);
      if (change.table !== 'node') continue;
      const { id } = change.after ?? change.before ?? {};
      if (id === undefined) continue;
      // Not inside of the commit: no writes there.
      if (change.after === undefined) clock.after(0, () => remove(id));
      else if (change.before === undefined) schedule(0);
    }
  });
  schedule(0);

  return {
    connected: (nodeId, address, timeoutMs) => {
      const { tookLeave: _, answeredAt: _at, ...before } = contact(nodeId);
      known.set(nodeId, { ...before, connected: true, lastSeen: clock.monotonic(), address, timeoutMs });
      schedule(judge(nodeId));
    },
    disconnected: (nodeId, how) => {
      if (!known.has(nodeId)) return;
      const tookLeave = how === 'orderly';
      known.set(nodeId, { ...contact(nodeId), connected: false, ...(tookLeave && { tookLeave }) });
      schedule(judge(nodeId));
    },
    heard: (nodeId) => {
      const entry = known.get(nodeId);
      if (entry === undefined) return;
      known.set(nodeId, { ...entry, lastSeen: clock.monotonic() });
      // Back from silence on the same connection.
      const wasSilent = doubted.has(nodeId) || store.view.get('nodeStatus', nodeId)?.state !== 'ready';
      if (wasSilent) schedule(judge(nodeId));
    },
    inDoubt: (nodeId) => doubted.has(nodeId),
    engine: (nodeId, awayMs) => {
      const entry = known.get(nodeId);
      if (entry === undefined || (awayMs === undefined) === (entry.engineAwaySince === undefined)) return;
      const { engineAwaySince: _back, engineAwayAt: _at, ...rest } = entry;
      const away = awayMs === undefined ? {} : awaySince(awayMs);
      known.set(nodeId, { ...rest, ...away });
      schedule(judge(nodeId));
    },
    [Symbol.dispose]: () => {
      stop.abort();
      timer?.cancel();
      subscription[Symbol.dispose]();
    },
  };
};
