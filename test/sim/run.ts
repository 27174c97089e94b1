import { createMemoryNetwork } from '../../src/rpc/memory/network.ts';
import { isWaiting, leftBehind, shortfall } from './ending.ts';
import { createFaults } from './faults.ts';
import type { Faults } from './faults.ts';
import { createInvariants } from './invariants.ts';
import { givenUpFairly } from './given-up.ts';
import type { ChangeOf } from '../../src/store/store.ts';
import { simManager } from './manager.ts';
import type { SimManager } from './manager.ts';
import { addressOf, simNode } from './node.ts';
import type { SimNode } from './node.ts';
import { prng } from './prng.ts';
import type { Prng } from './prng.ts';
import { processClock, Timeline } from './time.ts';
import { changeText, logTo } from './trace.ts';
import type { Say } from './trace.ts';
import { createUser } from './user.ts';
import type { User } from './user.ts';
import { Violation } from './violation.ts';
import { isJob } from '../../src/model/service.ts';
import { isRestless } from './workload.ts';

/** What a seed came to. */
export type Outcome =
  | {
      readonly kind: 'kept';
      readonly events: number;
      readonly virtualMs: number;
      readonly services: number;
      readonly faults: number;
      readonly trace: string;
    }
  | { readonly kind: 'broken'; readonly seed: number; readonly atMs: number; readonly reason: string };

export interface RunOptions {
  /** Prints what happens. */
  readonly verbose?: boolean;
}

const faultyMs = 25_000;
/** After repairs everything is as it should be within this: pauses of 60 s are the longest that there are. */
const healMs = 90_000;
const idleMs = 60_000;
/**
 * What was removed just before is cleaned up within this, and so is what follows from a connection that broke silently at the
 * last moment, which nothing shows at first: three seconds until both ends know, sixteen in which a stop waits for nodes that
 * may still give the task something, and the stop.
 */
const settleMs = 24_000;
/** Heartbeats both ways and their timers, and some for what is done every 30 s. */
const idleEventsPerNodeSecond = 12;

/** A cluster with everything that acts on it, and the loop that moves its time. */
interface World {
  readonly nodes: readonly SimNode[];
  readonly machine: SimManager;
  readonly user: User;
  readonly faults: Faults;
  readonly random: Prng;
  readonly timeline: Timeline;
  readonly events: () => number;
  readonly trace: () => number;
  /** Lets time pass until it is done; false when it was not in time. Throws what broke. */
  go(forMs: number, done?: () => boolean): Promise<boolean>;
}

/** One cluster with one history, all of it out of the seed. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const timeline = new Timeline();
  const say = (text: string): void => console.log(`${timeline.elapsed().toFixed(0).padStart(7)} ms  ${text}`);
  const broken: unknown[] = [];
  const reject = (reason: unknown): void => void broken.push(reason);
  process.on('unhandledRejection', reject);
  try {
    const world = createWorld(seed, timeline, options.verbose ? say : undefined, broken);
    await history(world, options.verbose ? say : () => undefined);
    const { user, faults, events, trace } = world;
    return {
      kind: 'kept',
      events: events(),
      virtualMs: timeline.elapsed(),
      services: user.made(),
      faults: faults.count(),
      trace: (trace() >>> 0).toString(16),
    };
  } catch (error) {
    const reason = error instanceof Violation ? error.message : String((error as Error).stack ?? error);
    return { kind: 'broken', seed, atMs: timeline.elapsed(), reason };
  } finally {
    process.off('unhandledRejection', reject);
  }
}

function createWorld(seed: number, timeline: Timeline, say: Say | undefined, broken: unknown[]): World {
  const random = prng(seed);
  const log = logTo(say);
  const guard = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      broken.push(error);
    }
  };
  const lag = new Map<string, number>();
  const slowest = random.pick([2, 20, 300]);
  const wire = simWire(timeline, random, (nodeId) => lag.get(nodeId) ?? slowest);
  const nodes = simNodes(timeline, random, wire, log);
  const invariants = createInvariants(nodes);
  const machine = simManager({
    timeline,
    random: random.fork(),
    wire,
    log,
    nodes: nodes.map((node, index) => ({ id: node.id(), index: index + 1 })),
    answers: (address) =>
      nodes.some((node, index) => address === addressOf(index + 1) && node.powered() && wire.isWhole(node.id())),
    onStart: (store) =>
      guard(() => {
        invariants.started(store);
        user.check(store);
      }),
    onCommit: (store, commit) => {
      if (say) for (const change of commit.changes) say(changeText(change));
      guard(() => {
        invariants.committed(store, commit);
        for (const change of commit.changes) if (change.table === 'nodeStatus') fairly(change);
      });
    },
  });
  const fairly = (change: ChangeOf<'nodeStatus'>): void =>
    givenUpFairly(change, {
      nodes,
      now: timeline.elapsed(),
      calmSince: (id) => faults.calmSince(id),
      hiccup: (id) => faults.hiccup(id),
    });
  const silence = (): void => undefined;
  const user = createUser(machine, random.fork(), say ?? silence);
  const faults = createFaults({
    nodes,
    machine,
    wire,
    lag,
    slowest,
    random: random.fork(),
    timeline,
    say: say ?? silence,
  });
  let events = 0;
  let trace = 0;
  const each = (): void => {
    events += 1;
    trace = (Math.imul(trace, 31) + Math.round(timeline.elapsed() * 8)) | 0;
    guard(() => invariants.stepped(machine.current()?.store));
  };
  const go = async (forMs: number, done: () => boolean = () => false): Promise<boolean> => {
    const reached = await timeline.run(timeline.elapsed() + forMs, each, () => broken.length > 0 || done());
    if (broken.length > 0) throw broken[0];
    return reached;
  };
  return { nodes, machine, user, faults, random, timeline, events: () => events, trace: () => trace, go };
}

/** `slowest`: how long a message of the node takes, in milliseconds at most. */
function simWire(timeline: Timeline, random: Prng, slowest: (nodeId: string) => number) {
  const wireRandom = random.fork();
  return createMemoryNetwork({
    clock: processClock(timeline),
    delay: (nodeId) => wireRandom.between(0, slowest(nodeId)),
    connectTimeoutMs: 1000,
  });
}

/** Differences of the machines' times of day: most agree, some are minutes off. */
const skews = [0, 0, 0, 150, -150, 5 * 60_000, -5 * 60_000];

function simNodes(
  timeline: Timeline,
  random: Prng,
  wire: ReturnType<typeof simWire>,
  log: ReturnType<typeof logTo>,
): SimNode[] {
  return Array.from({ length: random.between(1, 4) }, (_, index) =>
    simNode({
      id: `n${index + 1}`,
      index: index + 1,
      timeline,
      random: random.fork(),
      wire,
      log: log.with({ node: `node-${index + 1}` }),
      skewMs: random.pick(skews),
    }),
  );
}

/** Begins, goes through faults, is mended, must come to rest, and must leave nothing when everything is removed. */
async function history(world: World, say: Say): Promise<void> {
  const { nodes, machine, user, faults, random, timeline, go } = world;
  void machine.start();
  await go(60_000, () => machine.current() !== undefined);
  for (const node of nodes) node.startAgent();
  while (timeline.elapsed() < faultyMs) {
    await go(random.between(50, 2500));
    if (random.chance(0.6)) user.act();
    if (random.chance(0.5)) faults.one();
  }
  say('everything is repaired');
  faults.repairAll();
  const store = () => machine.current()?.store;
  if (!(await go(healMs, () => user.idle()))) throw new Violation('the manager did not come back');
  await reach(world, () => shortfall(store(), nodes), 'it did not converge');
  await idle(world);
  say('everything is removed');
  let removed = false;
  const clean = (): string => (removed ? leftBehind(store(), nodes) : 'the user is not done');
  const removing = async (): Promise<void> => {
    while (!(removed = user.idle() && user.removeAll())) await go(500);
  };
  await removing();
  await reach(world, clean, 'left behind');
}

/** How often the whole is looked at: looking costs more than an event. */
const lookMs = 250;

async function reach({ timeline, go }: World, missing: () => string, what: string): Promise<void> {
  const until = timeline.elapsed() + healMs;
  while (missing() !== '') {
    if (timeline.elapsed() > until) throw new Violation(`${what}: ${missing()}`);
    await go(lookMs);
  }
}

/** At rest nothing is written, and little happens. */
async function idle({ nodes, machine, events, go }: World): Promise<void> {
  const store = machine.current()?.store;
  if (store === undefined) return;
  const specs = [...store.view.list('service')].flatMap(({ spec, previousSpec }) => [spec, previousSpec ?? spec]);
  if (isWaiting(store) || specs.some((spec) => isJob(spec) || isRestless(spec))) return;
  await go(settleMs);
  const before = { revision: store.view.revision, events: events() };
  await go(idleMs);
  const happened = events() - before.events;
  const most = (nodes.length * idleEventsPerNodeSecond * idleMs) / 1000;
  if (happened > most) throw new Violation(`${happened} events in an idle minute, at most ${most} were expected`);
  const written = store.view.revision - before.revision;
  if (written > 0) throw new Violation(`${written} commits in an idle minute`);
  const missing = shortfall(store, nodes);
  if (missing !== '') throw new Violation(`it did not stay so: ${missing}`);
}
