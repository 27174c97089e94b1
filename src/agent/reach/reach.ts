import { assigned, assignedSelf } from '../network/endpoints.ts';
import type { Assignments } from '../network/endpoints.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import { dueWays, forgiven, judgeWay, nextTryAt } from './way.ts';
import type { Outcome, Way } from './way.ts';

/** Tries whether a node is reached: from this address of the overlay to that one. */
export type Probe = (to: string, from: string, signal: AbortSignal) => Promise<Outcome>;

export interface ReachPorts {
  readonly probe: Probe;
  readonly clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly log: Log;
}

/** Which of the nodes that this one has traffic with it reaches. */
export interface Reach extends AsyncDisposable {
  /** What is assigned now: who has tasks on the networks of this node. */
  apply(assignments: Assignments): void;
  /** Ids of those that are not reached. */
  lost(): ReadonlySet<string>;
  /** Names of those of them that the manager counts on. */
  missed(): readonly string[];
  /** Calls when `lost` or `missed` has changed. */
  subscribe(call: () => void): Disposable;
}

/** Of many, those that have waited longest: a turn each, later. */
const mostAtOnce = 32;
const leastPauseMs = 100;
/** A timer that is later than this: this process stood still. */
const stallMs = 500;

interface Peer {
  readonly name: string;
  readonly overlayAddress: string;
  /** The manager has not given it up. */
  readonly isCountedOn: boolean;
}

export function createReach({ probe, clock, log }: ReachPorts): Reach {
  const ended = new AbortController();
  const listeners = new Set<() => void>();
  const ways = new Map<string, Way>();
  const trying = new Map<string, Promise<void>>();
  let self: string | undefined;
  let peers: ReadonlyMap<string, Peer> = new Map();
  /** What was told last. */
  let known = JSON.stringify([[], []]);
  let timer: Timer | undefined;
  let due = Number.POSITIVE_INFINITY;

  /** Two witnesses are enough: a manager that has given it up, and one try that failed. */
  const isLost = (id: string): boolean => {
    const way = ways.get(id);
    return way !== undefined && (way.lost || (way.failures > 0 && peers.get(id)?.isCountedOn === false));
  };
  const lost = (): string[] => [...peers.keys()].filter(isLost);
  const missed = (): string[] =>
    lost().flatMap((id) => {
      const peer = peers.get(id);
      return peer?.isCountedOn === true ? [peer.name] : [];
    });
  const tell = (): void => {
    const now = JSON.stringify([lost(), missed()]);
    if (now === known) return;
    known = now;
    for (const call of listeners) call();
  };

  const attempt = async (id: string, peer: Peer, from: string): Promise<void> => {
    const triedAt = clock.monotonic();
    const outcome = await probe(peer.overlayAddress, from, ended.signal).catch((): Outcome => 'unknown');
    trying.delete(id);
    if (ended.signal.aborted || !peers.has(id)) return;
    const before = ways.get(id);
    const after = judgeWay(before, outcome, triedAt, clock.monotonic());
    ways.set(id, after);
    if (after.lost && before?.lost !== true) log.warn('another node is not reached', { peer: peer.name });
    if (!after.lost && before?.lost === true) log.info('another node is reached again', { peer: peer.name });
    tell();
    plan();
  };

  const round = (): void => {
    const now = clock.monotonic();
    const isLate = now - due > stallMs;
    timer = undefined;
    due = Number.POSITIVE_INFINITY;
    if (isLate) for (const [id, way] of ways) ways.set(id, forgiven(way));
    const free = [...peers.keys()].filter((id) => !trying.has(id)).map((id) => [id, ways.get(id)] as const);
    for (const id of dueWays(new Map(free), now, mostAtOnce - trying.size)) {
      const peer = peers.get(id);
      if (peer !== undefined && self !== undefined) trying.set(id, attempt(id, peer, self));
    }
    plan();
  };
  /** One timer, for the first that is due. */
  const plan = (): void => {
    if (ended.signal.aborted || trying.size >= mostAtOnce) return;
    let first = Number.POSITIVE_INFINITY;
    for (const id of peers.keys()) if (!trying.has(id)) first = Math.min(first, nextTryAt(ways.get(id)));
    if (first === Number.POSITIVE_INFINITY) return;
    const now = clock.monotonic();
    const at = Math.max(first, now + leastPauseMs);
    if (at >= due) return;
    timer?.cancel();
    due = at;
    timer = clock.after(at - now, round);
  };

  return {
    apply(assignments) {
      self = assignedSelf(assignments)?.overlayAddress;
      peers = partners(assignments);
      for (const id of ways.keys()) if (!peers.has(id)) ways.delete(id);
      tell();
      plan();
    },
    lost: () => new Set(lost()),
    missed,
    subscribe(call) {
      listeners.add(call);
      return { [Symbol.dispose]: () => void listeners.delete(call) };
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      timer?.cancel();
      await Promise.all(trying.values());
    },
  };
}

/** The other nodes with tasks or containers on the networks of this one. */
function partners(assignments: Assignments): ReadonlyMap<string, Peer> {
  const self = assignedSelf(assignments);
  const countedOn = new Map<string, boolean>();
  for (const { nodeId, ready, lost } of assigned(assignments, 'endpoint')) {
    if (nodeId !== self?.id && (ready || lost === true)) {
      countedOn.set(nodeId, ready || countedOn.get(nodeId) === true);
    }
  }
  return new Map(
    assigned(assignments, 'peer').flatMap(({ id, name, overlayAddress }): [string, Peer][] => {
      const isCountedOn = countedOn.get(id);
      return isCountedOn === undefined ? [] : [[id, { name, overlayAddress, isCountedOn }]];
    }),
  );
}
