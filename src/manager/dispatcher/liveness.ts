import { judgeNode } from '../../core/heal/heal.ts';
import { silenceMs } from '../../model/cluster.ts';
import type { NodeId } from '../../model/ids.ts';
import type { NodeStatus } from '../../model/node.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { createAlarm } from './alarm.ts';
import { connected, givenBack, withEngine } from './contact.ts';
import type { Contact } from './contact.ts';
import { createDoubts } from './doubts.ts';

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

const sinceOf = ({ engineAwayAt = 0 }: Contact): string =>
  `since ${new Date(engineAwayAt).toISOString().replace(/\.\d+Z$/, 'Z')}`;

export const createLiveness = ({ store, clock, log, answers }: LivenessPorts): Liveness => {
  const known = new Map<NodeId, Contact>();
  const contact = (nodeId: NodeId): Contact => known.get(nodeId) ?? { connected: false, firstSeen: clock.monotonic() };
  const timeoutOf = ({ timeoutMs = 0 }: Contact): number => {
    const [cluster] = store.view.list('cluster');
    return Math.max(timeoutMs, silenceMs(cluster?.spec));
  };

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

  /** Judges one node now; returns when to do it again. */
  const judge = (nodeId: NodeId): number => {
    const entry = contact(nodeId);
    known.set(nodeId, entry);
    const options = { now: clock.monotonic(), leaderSince: entry.firstSeen, nodeTimeoutMs: timeoutOf(entry) };
    const { state, engineAway, judgeAgainAt, inDoubt, ...judged } = judgeNode(entry, options);
    const message = engineAway === true ? `${judged.message} (${sinceOf(entry)})` : judged.message;
    const address = entry.address ?? store.view.get('nodeStatus', nodeId)?.address;
    write({ nodeId, state, message, ...(engineAway && { engineAway }), ...(address !== undefined && { address }) });
    if (inDoubt === true && entry.address !== undefined) doubts.begin(nodeId, entry.address);
    else doubts.end(nodeId);
    return judgeAgainAt ?? Number.POSITIVE_INFINITY;
  };

  /** What changed is judged at once. */
  const update = (nodeId: NodeId, next: Contact): void => {
    known.set(nodeId, next);
    alarm.set(judge(nodeId));
  };
  const doubts = createDoubts({
    clock,
    answers,
    answered(nodeId) {
      const entry = known.get(nodeId);
      if (entry !== undefined) update(nodeId, { ...entry, answeredAt: clock.monotonic() });
    },
  });
  const alarm = createAlarm(clock, (stalledForMs) => {
    if (stalledForMs > 0) {
      log.warn('this manager was stopped for a while: nodes get the time back', { ms: Math.round(stalledForMs) });
      for (const [nodeId, entry] of known) known.set(nodeId, givenBack(entry, stalledForMs));
    }
    let next = Number.POSITIVE_INFINITY;
    for (const { id } of store.view.list('node')) next = Math.min(next, judge(id));
    alarm.set(next);
  });

  const remove = (nodeId: NodeId): void => {
    known.delete(nodeId);
    doubts.end(nodeId);
    if (store.view.get('nodeStatus', nodeId) !== undefined) store.observe((soft) => soft.drop('nodeStatus', nodeId));
  };
  const subscription = store.subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.table === 'cluster') alarm.set(0);
      if (change.table !== 'node') continue;
      const { id } = change.after ?? change.before ?? {};
      if (id === undefined) continue;
      // Not inside of the commit: no writes there.
      if (change.after === undefined) clock.after(0, () => remove(id));
      else if (change.before === undefined) alarm.set(0);
    }
  });
  alarm.set(0);

  return {
    connected: (nodeId, address, timeoutMs) =>
      update(nodeId, connected(contact(nodeId), { address, timeoutMs }, clock.monotonic())),
    disconnected: (nodeId, how) => {
      const entry = known.get(nodeId);
      if (entry === undefined) return;
      update(nodeId, { ...entry, connected: false, ...(how === 'orderly' && { tookLeave: true }) });
    },
    heard: (nodeId) => {
      const entry = known.get(nodeId);
      if (entry === undefined) return;
      const heard = { ...entry, lastSeen: clock.monotonic() };
      // Back from silence on the same connection.
      const wasSilent = doubts.has(nodeId) || store.view.get('nodeStatus', nodeId)?.state !== 'ready';
      if (wasSilent) update(nodeId, heard);
      else known.set(nodeId, heard);
    },
    inDoubt: (nodeId) => doubts.has(nodeId),
    engine: (nodeId, awayMs) => {
      const entry = known.get(nodeId);
      if (entry === undefined || (awayMs === undefined) === (entry.engineAwaySince === undefined)) return;
      const away =
        awayMs === undefined
          ? 'back'
          : { engineAwaySince: clock.monotonic() - awayMs, engineAwayAt: clock.now() - awayMs };
      update(nodeId, withEngine(entry, away));
    },
    [Symbol.dispose]: () => {
      doubts[Symbol.dispose]();
      alarm[Symbol.dispose]();
      subscription[Symbol.dispose]();
    },
  };
};
