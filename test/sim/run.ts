import type { ServiceSpec } from '../../src/model/service.ts';
import type { Log } from '../../src/platform/ports.ts';
import { createMemoryNetwork } from '../../src/rpc/memory/network.ts';
import type { Store } from '../../src/store/store.ts';
import { createInvariants, Violation } from './invariants.ts';
import { simManager } from './manager.ts';
import { type SimNode, simNode } from './node.ts';
import { type Prng, prng } from './prng.ts';
import { processClock, Timeline } from './time.ts';
import { anyService, changed } from './workload.ts';

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
const healMs = 240_000;

/** One cluster with one history, all of it out of the seed. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const timeline = new Timeline();
  const random = prng(seed);
  const say = (text: string): void => {
    if (options.verbose) console.log(`${String(timeline.elapsed()).padStart(7)} ms  ${text}`);
  };
  let events = 0;
  let trace = 0;
  let broken: unknown;
  const guard = (check: () => void): void => {
    try {
      check();
    } catch (error) {
      broken ??= error;
    }
  };
  const log: Log = logTo(say);
  const wireRandom = random.fork();
  const worst = random.pick([2, 20, 300]);
  const wire = createMemoryNetwork({
    clock: processClock(timeline),
    delay: () => wireRandom.between(0, worst),
    connectTimeoutMs: 1000,
  });
  const nodes = Array.from({ length: random.between(1, 4) }, (_, index) =>
    simNode({
      id: `n${index + 1}`,
      index: index + 1,
      timeline,
      random: random.fork(),
      wire,
      log: log.with({ node: `node-${index + 1}` }),
    }),
  );
  const invariants = createInvariants(nodes);
  const machine = simManager({
    timeline,
    random: random.fork(),
    wire,
    log,
    nodes: nodes.map((node, index) => ({ id: node.id, index: index + 1 })),
    onStart: (store) => guard(() => invariants.started(store)),
    onCommit: (store, commit) => guard(() => invariants.committed(store, commit)),
  });
  const user = createUser(machine.current, random.fork(), say);
  const faults = createFaults(nodes, machine, wire, random.fork(), timeline, say);
  const each = (): void => {
    events += 1;
    trace = (Math.imul(trace, 31) + Math.round(timeline.elapsed() * 8)) | 0;
    guard(() => invariants.stepped());
  };
  const go = async (forMs: number, done: () => boolean = () => false): Promise<boolean> => {
    const reached = await timeline.run(timeline.elapsed() + forMs, each, () => broken !== undefined || done());
    if (broken !== undefined) throw broken;
    return reached;
  };
  try {
    await inTurn(timeline, machine.start());
    for (const node of nodes) node.startAgent();
    while (timeline.elapsed() < faultyMs) {
      await go(random.between(50, 2500));
      if (random.chance(0.55)) user.act();
      if (random.chance(0.5)) faults.one();
    }
    say('everything is repaired');
    faults.repairAll();
    if (!(await go(healMs, () => machine.current() !== undefined && user.idle())))
      throw new Violation('the manager did not come back');
    user.check();
    const alive = machine.current;
    if (!(await go(healMs, () => converged(alive()?.store, nodes))))
      throw new Violation(`it did not converge: ${shortfall(alive()?.store, nodes)}`);
    user.removeAll();
    if (!(await go(healMs, () => user.idle() && left(alive()?.store, nodes) === '')))
      throw new Violation(`left behind: ${left(alive()?.store, nodes)}`);
  } catch (error) {
    return {
      kind: 'broken',
      seed,
      atMs: timeline.elapsed(),
      reason: error instanceof Violation ? error.message : String((error as Error).stack ?? error),
    };
  }
  return {
    kind: 'kept',
    events,
    virtualMs: timeline.elapsed(),
    services: user.made(),
    faults: faults.count(),
    trace: (trace >>> 0).toString(16),
  };
}

/** Runs the timeline until the promise settles. */
async function inTurn(timeline: Timeline, promise: Promise<void>): Promise<void> {
  let settled = false;
  let failure: unknown;
  promise.then(
    () => (settled = true),
    (error: unknown) => {
      failure = error;
      settled = true;
    },
  );
  await timeline.run(
    timeline.elapsed() + 60_000,
    () => undefined,
    () => settled,
  );
  if (failure) throw failure;
}

function logTo(say: (text: string) => void): Log {
  const at =
    (level: string, fixed: Readonly<Record<string, unknown>>) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      say(`${level} ${message} ${JSON.stringify({ ...fixed, ...fields })}`);
  const make = (fixed: Readonly<Record<string, unknown>>): Log => ({
    debug: () => undefined,
    info: at('info', fixed),
    warn: at('warn', fixed),
    error: at('error', fixed),
    with: (fields) => make({ ...fixed, ...fields }),
  });
  return make({});
}

type Current = ReturnType<typeof simManager>['current'];

/** Someone who makes, changes and removes services, and remembers what was answered. */
function createUser(current: Current, random: Prng, say: (text: string) => void) {
  /** What each name must be: the specs that are possible after the last answer (or the lack of one). */
  const possible = new Map<string, (ServiceSpec | undefined)[]>();
  /** Requests without an answer, by the manager that they were made to: one that died never answers. */
  const pending = new Map<object, number>();
  let count = 0;
  let networks = 0;
  const submit = (
    name: string,
    wanted: ServiceSpec | undefined,
    call: (manager: NonNullable<ReturnType<Current>>['manager']) => Promise<unknown>,
  ): void => {
    const life = current();
    const [before, ...others] = possible.get(name) ?? [];
    if (!life || others.length > 0) return;
    possible.set(name, [before, wanted]);
    pending.set(life, (pending.get(life) ?? 0) + 1);
    const answered = (spec: ServiceSpec | undefined): void => {
      possible.set(name, [spec]);
      pending.set(life, (pending.get(life) ?? 0) - 1);
    };
    call(life.manager).then(
      () => answered(wanted),
      (error: unknown) => {
        say(`refused: ${name}: ${(error as Error).message}`);
        answered(before);
      },
    );
  };
  const act = (): void => {
    const life = current();
    if (!life) return;
    const known = [...possible].filter(([, specs]) => specs.length === 1 && specs[0] !== undefined) as [
      string,
      [ServiceSpec],
    ][];
    const draw = random.number();
    if (known.length === 0 || draw < 0.45) {
      count += 1;
      const name = `s${count}`;
      const overlays = [...life.store.view.list('network')]
        .filter((network) => network.spec.driver === 'overlay' && !network.spec.ingress)
        .map((network) => network.id);
      if (overlays.length < 2 && random.chance(0.4)) {
        networks += 1;
        life.manager.commands.createNetwork({ name: `net${networks}`, driver: 'overlay' }).catch(() => undefined);
      }
      const spec = anyService(name, overlays, random);
      say(`user: create ${name} ${JSON.stringify(spec.mode)}`);
      submit(name, spec, (manager) => manager.commands.createService(spec));
      return;
    }
    const [name, [spec]] = random.pick(known);
    if (draw < 0.8) {
      const [service] = life.store.view.find('service', 'name', name);
      if (!service) return;
      const next = changed(spec, random);
      say(`user: update ${name} ${JSON.stringify(next.mode)}`);
      submit(name, next, (manager) => manager.commands.updateService(name, service.version, next));
    } else if (draw < 0.93) {
      say(`user: remove ${name}`);
      submit(name, undefined, (manager) => manager.commands.removeService(name));
    } else {
      const node = random.pick([...life.store.view.list('node')]);
      const availability = random.pick(['active', 'active', 'pause', 'drain'] as const);
      say(`user: ${node.spec.name} ${availability}`);
      life.manager.commands.updateNode(node.id, node.version, { ...node.spec, availability }).catch(() => undefined);
    }
  };
  const stored = (name: string): ServiceSpec | undefined => {
    const [service] = current()?.store.view.find('service', 'name', name) ?? [];
    return service && !service.removing ? service.spec : undefined;
  };
  return {
    act,
    /** The manager that lives has answered everything. */
    idle: () => {
      const life = current();
      return life !== undefined && (pending.get(life) ?? 0) === 0;
    },
    made: () => count,
    /** Everything that was answered with success is there. */
    check: () => {
      for (const [name, specs] of possible) {
        const now = stored(name);
        if (!specs.some((spec) => JSON.stringify(spec) === JSON.stringify(now)))
          throw new Violation(
            `${name}: what was acknowledged is lost; stored is ${JSON.stringify(now)}, possible were ${JSON.stringify(specs)}`,
          );
        possible.set(name, [now]);
      }
    },
    removeAll: () => {
      const life = current();
      if (!life) return;
      say('user: remove everything');
      for (const node of life.store.view.list('node'))
        life.manager.commands
          .updateNode(node.id, node.version, { ...node.spec, availability: 'active' })
          .catch(() => undefined);
      for (const name of possible.keys())
        if (stored(name)) submit(name, undefined, (manager) => manager.commands.removeService(name));
    },
  };
}

/** Things that go wrong, and their repair. */
function createFaults(
  nodes: readonly SimNode[],
  machine: ReturnType<typeof simManager>,
  wire: ReturnType<typeof createMemoryNetwork>,
  random: Prng,
  timeline: Timeline,
  say: (text: string) => void,
) {
  let count = 0;
  const clock = processClock(timeline);
  const later = (what: string, repair: () => void): void => {
    clock.after(random.pick([200, 1500, 4000, 12_000]) * (0.5 + random.number()), () => {
      say(`repair: ${what}`);
      repair();
    });
  };
  const kinds: readonly ((node: SimNode) => string)[] = [
    (node) => {
      node.killAgent();
      later(`agent of ${node.name} starts`, node.startAgent);
      return `agent of ${node.name} is killed`;
    },
    (node) => {
      node.powerOff();
      later(`${node.name} has power`, node.powerOn);
      return `${node.name} loses power`;
    },
    (node) => {
      wire.cut(node.id);
      later(`link of ${node.name} heals`, () => wire.heal(node.id));
      return `link of ${node.name} is cut`;
    },
    () => {
      machine.kill(random.chance(0.5));
      later('manager starts', () => void machine.start());
      return 'manager is killed';
    },
    (node) => {
      node.engine.hang();
      later(`engine of ${node.name} answers`, node.engine.resume);
      return `engine of ${node.name} hangs`;
    },
    (node) => {
      node.setDiskFull(true);
      later(`disk of ${node.name} has room`, () => node.setDiskFull(false));
      return `disk of ${node.name} is full`;
    },
    () => {
      machine.disk.full = true;
      later("the manager's disk has room", () => (machine.disk.full = false));
      return "the manager's disk is full";
    },
    (node) => {
      node.engine.breakEvents();
      return `event stream of ${node.name} breaks`;
    },
    (node) => {
      const running = [...node.engine.containers.values()].filter((container) => container.state === 'running');
      if (running.length > 0) node.engine.exit(random.pick(running).id, random.pick([0, 1, 137]));
      return `a container of ${node.name} dies`;
    },
    (node) => {
      node.engine.powerOff();
      later(`engine of ${node.name} restarts`, () => {
        if (node.powered()) node.engine.powerOn();
      });
      return `engine of ${node.name} is killed`;
    },
    (node) => {
      wire.crash(node.id, { silent: random.chance(0.5) });
      return `connection of ${node.name} breaks`;
    },
  ];
  return {
    count: () => count,
    one: () => {
      count += 1;
      say(`fault: ${random.pick(kinds)(random.pick(nodes))}`);
    },
    repairAll: () => {
      clock.kill();
      machine.disk.full = false;
      void machine.start();
      for (const node of nodes) {
        wire.heal(node.id);
        node.setDiskFull(false);
        node.engine.resume();
        if (node.powered()) node.engine.powerOn();
        node.powerOn();
        node.startAgent();
      }
    },
  };
}

/** Every service has what it asks for, running, and the engines agree. */
function converged(store: Store | undefined, nodes: readonly SimNode[]): boolean {
  return store !== undefined && shortfall(store, nodes) === '';
}

function shortfall(store: Store | undefined, nodes: readonly SimNode[]): string {
  if (!store) return 'no manager';
  const active = [...store.view.list('node')].filter(
    (node) => node.spec.availability === 'active' && store.view.get('nodeStatus', node.id)?.state === 'ready',
  );
  const running = new Set(
    nodes.flatMap((node) =>
      [...node.engine.containers.values()]
        .filter((c) => c.state === 'running')
        .map((c) => c.body.Labels?.['com.docker.swarm.task.id']),
    ),
  );
  let claimed = 0;
  for (const service of store.view.list('service')) {
    const tasks = [...store.view.find('task', 'service', service.id)];
    const up = tasks.filter(
      (task) => task.desiredState === 'running' && store.view.get('taskStatus', task.id)?.state === 'running',
    );
    claimed += up.length;
    for (const task of up)
      if (!running.has(task.id)) return `${task.id} of ${task.serviceName} is said to run, but no engine has it`;
    const [container] = service.spec.task.containers;
    const crashing = container?.command !== undefined;
    const { mode } = service.spec;
    const outside = active.length === 0;
    if (mode.kind === 'replicated' && !crashing && !outside && up.length !== mode.replicas) {
      const pending = tasks.filter(
        (task) =>
          task.nodeId === undefined &&
          task.desiredState === 'running' &&
          store.view.get('taskStatus', task.id)?.message.includes('lack'),
      );
      if (up.length + pending.length !== mode.replicas)
        return `${service.spec.name} has ${up.length} of ${mode.replicas}: ${tasks.map((task) => `${task.id}/${task.slot} on ${task.nodeId} wants ${task.desiredState} is ${store.view.get('taskStatus', task.id)?.state} (${store.view.get('taskStatus', task.id)?.message})`).join('; ')}`;
    }
    if (crashing && mode.kind === 'replicated' && up.length > mode.replicas)
      return `${service.spec.name} has ${up.length} of ${mode.replicas}`;
  }
  if (running.size > claimed + crashingCount(store))
    return `the engines run ${running.size}, the manager knows of ${claimed}`;
  return '';
}

const crashingCount = (store: Store): number =>
  [...store.view.list('service')]
    .filter((service) => service.spec.task.containers[0]?.command)
    .reduce((sum, service) => sum + (service.spec.mode.kind === 'replicated' ? service.spec.mode.replicas : 4), 0);

/** What is there that should not be once every service is removed. */
function left(store: Store | undefined, nodes: readonly SimNode[]): string {
  if (!store) return 'no manager';
  const parts = [
    ...(['service', 'task', 'taskStatus'] as const).flatMap((table) =>
      store.view.count(table) > 0
        ? [
            `${store.view.count(table)} rows of ${table}: ${[...store.view.list(table)]
              .slice(0, 3)
              .map((row) => JSON.stringify(row).slice(0, 400))
              .join(' ')}`,
          ]
        : [],
    ),
    ...nodes.flatMap((node) =>
      node.engine.containers.size > 0
        ? [
            `${node.engine.containers.size} containers on ${node.name}: ${[...node.engine.containers.values()].map((c) => `${c.name} ${c.state}`).join(' ')}`,
          ]
        : [],
    ),
  ];
  return parts.join('; ');
}
