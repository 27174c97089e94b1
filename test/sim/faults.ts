import type { MemoryNetwork } from '../../src/rpc/memory/network.ts';
import { join } from './manager.ts';
import type { SimManager } from './manager.ts';
import type { SimNode } from './node.ts';
import type { Prng } from './prng.ts';
import { processClock } from './time.ts';
import type { Timeline } from './time.ts';
import type { Say } from './trace.ts';

/** A cut that is too short to give the node up for it. In milliseconds of the history. */
export interface Hiccup {
  readonly from: number;
  readonly to: number;
}

/** Things that go wrong, and their repair. */
export interface Faults {
  /** Since when nothing but its agent's death and hiccups of its link has gone wrong for the node; infinity while something does. */
  calmSince(nodeId: string): number;
  /** The last of its link. */
  hiccup(nodeId: string): Hiccup | undefined;
  count(): number;
  /** One thing goes wrong. */
  one(): void;
  /** Everything is mended, at once. */
  repairAll(): void;
}

interface FaultPorts extends FaultOptions {
  /** Node → the last hiccup of its link. */
  readonly hiccups: Map<string, Hiccup>;
}

export interface FaultOptions {
  readonly nodes: readonly SimNode[];
  readonly machine: SimManager;
  readonly wire: MemoryNetwork;
  /** What each node's messages take longer, in milliseconds at most. */
  readonly lag: Map<string, number>;
  /** What they take without that. */
  readonly slowest: number;
  readonly random: Prng;
  readonly timeline: Timeline;
  readonly say: Say;
}

type Later = (what: string, repair: () => void) => void;
/** Does it to the node (or to something else) and says what. */
type Fault = (node: SimNode, ports: FaultPorts, later: Later) => string;

const agentDies: Fault = (node, _ports, later) => {
  node.killAgent();
  later(`agent of ${node.name} starts`, node.startAgent);
  return `agent of ${node.name} is killed`;
};
const powerCut: Fault = (node, _ports, later) => {
  node.powerOff();
  later(`${node.name} has power`, node.powerOn);
  return `${node.name} loses power`;
};
const partition: Fault = (node, { wire }, later) => {
  const heal = wire.cut(node.id());
  later(`link of ${node.name} heals`, heal);
  return `link of ${node.name} is cut`;
};
/** The longest cut that gives no node up, see manager/dispatcher/README.md, less what it takes to ask a machine here. */
const longestHiccupMs = 1_900 - 50;
/** The same where the agent is away, or not heard yet since. */
const longestAloneMs = 1_500 - 50;
const connectMs = 2_000;
/** After one the node is heard before the next. */
const betweenHiccupsMs = 5_000;

const linkHiccups: Fault = (node, { wire, random, slowest, timeline, hiccups }) => {
  const id = node.id();
  const now = timeline.elapsed();
  if (now < (hiccups.get(id)?.to ?? Number.NEGATIVE_INFINITY) + betweenHiccupsMs) return `link of ${node.name} stays`;
  const isAlone = now - node.absence().to < connectMs;
  const longestMs = longestHiccupMs - slowest;
  const forMs = random.between(1_000, isAlone ? Math.min(longestAloneMs, longestMs) : longestMs);
  hiccups.set(id, { from: now, to: now + forMs });
  timeline.after(forMs, wire.cut(id));
  return `link of ${node.name} is cut for ${forMs} ms`;
};
const managerDies: Fault = (_node, { machine, random }, later) => {
  machine.kill(random.chance(0.5));
  later('manager starts', () => void machine.start());
  return 'manager is killed';
};
const engineHangs: Fault = (node, _ports, later) => {
  node.engine.hang();
  later(`engine of ${node.name} answers`, node.engine.resume);
  return `engine of ${node.name} hangs`;
};
const engineSlow: Fault = (node, { random }, later) => {
  node.setSlowness(random.pick([5, 20, 60]));
  later(`engine of ${node.name} is fast`, () => node.setSlowness(1));
  return `engine of ${node.name} is slow`;
};
const linkSlow: Fault = (node, { lag, random }, later) => {
  const id = node.id();
  lag.set(id, random.pick([500, 1500, 4000]));
  later(`link of ${node.name} is fast`, () => lag.delete(id));
  return `link of ${node.name} is slow`;
};
const nodeDiskFull: Fault = (node, _ports, later) => {
  node.setDiskFull(true);
  later(`disk of ${node.name} has room`, () => node.setDiskFull(false));
  return `disk of ${node.name} is full`;
};
const managerDiskFull: Fault = (_node, { machine }, later) => {
  machine.disk.full = true;
  later("the manager's disk has room", () => (machine.disk.full = false));
  return "the manager's disk is full";
};
const eventsBreak: Fault = (node) => {
  node.engine.breakEvents();
  return `event stream of ${node.name} breaks`;
};
const containerDies: Fault = (node, { random }) => {
  const running = [...node.engine.containers.values()].filter((container) => container.state === 'running');
  if (running.length > 0) node.engine.exit(random.pick(running).id, random.pick([0, 1, 137]));
  return `a container of ${node.name} dies`;
};
const containerRemoved: Fault = (node, { random }) => {
  const all = [...node.engine.containers.values()];
  if (all.length > 0) node.engine.removeContainer(random.pick(all).id).catch(() => undefined);
  return `somebody removes a container of ${node.name}`;
};
const engineDies: Fault = (node, _ports, later) => {
  node.engine.powerOff();
  later(`engine of ${node.name} restarts`, () => {
    if (node.powered()) node.engine.powerOn();
  });
  return `engine of ${node.name} is killed`;
};
const connectionBreaks: Fault = (node, { wire, random }) => {
  wire.crash(node.id(), { silent: random.chance(0.5) });
  return `connection of ${node.name} breaks`;
};
/** The node is removed from the cluster; its machine may be told or not, and joins again as another one with an empty disk. */
const nodeLeaves: Fault = (node, ports, later) => {
  const life = ports.machine.current();
  if (life === undefined) return `${node.name} would leave, but there is no manager`;
  const id = node.id();
  life.manager.commands.removeNode(id, true).then(
    () => later(`${node.name} joins again`, () => void rejoin(node, id, ports)),
    () => undefined,
  );
  return `${node.name} is removed from the cluster`;
};

/** Goes on until a manager has made the row. */
async function rejoin(node: SimNode, before: string, { machine, timeline }: FaultPorts): Promise<void> {
  if (node.id() !== before) return;
  const id = nextId(before);
  node.reinstall(id);
  for (;;) {
    const life = machine.current();
    if (life !== undefined && (await join(life, id, node.name))) break;
    await new Promise<void>((resolve) => timeline.after(500, resolve));
  }
  node.startAgent();
}

/** n2 → n2a → n2b … */
const nextId = (id: string): string => {
  const last = id.charCodeAt(id.length - 1);
  return last >= 97 && id.length > 2 ? `${id.slice(0, -1)}${String.fromCharCode(last + 1)}` : `${id}a`;
};

/** What does not keep a machine, or a manager, from being heard. */
const harmless = new Set<Fault>([agentDies, linkHiccups, eventsBreak, containerDies, containerRemoved, nodeDiskFull]);

const kinds: readonly Fault[] = [
  agentDies,
  powerCut,
  partition,
  linkHiccups,
  managerDies,
  engineHangs,
  engineSlow,
  linkSlow,
  nodeDiskFull,
  managerDiskFull,
  eventsBreak,
  containerDies,
  containerRemoved,
  engineDies,
  connectionBreaks,
  nodeLeaves,
];

export function createFaults(options: FaultOptions): Faults {
  const ports = { ...options, hiccups: new Map<string, Hiccup>() };
  const { nodes, machine, wire, lag, random, timeline, say } = ports;
  const clock = processClock(timeline);
  const ids = new Set<string>();
  let count = 0;
  /** Node → how much of it is broken now, and when something was last. */
  const troubles = new Map<string, { open: number; last: number }>();
  const note = (change: number, hit: readonly SimNode[]): void => {
    for (const node of hit) {
      const { open } = troubles.get(node.name) ?? { open: 0 };
      troubles.set(node.name, { open: open + change, last: timeline.elapsed() });
    }
  };
  const later: Later = (what, repair) => {
    clock.after(random.pick([200, 1500, 4000, 12_000]) * (0.5 + random.number()), () => {
      say(`repair: ${what}`);
      repair();
    });
  };
  return {
    calmSince: (nodeId) => {
      const node = nodes.find((one) => one.id() === nodeId);
      const { open, last } = troubles.get(node?.name ?? '') ?? { open: 0, last: 0 };
      return open > 0 ? Number.POSITIVE_INFINITY : last;
    },
    hiccup: (nodeId) => ports.hiccups.get(nodeId),
    count: () => count,
    one: () => {
      count += 1;
      const node = random.pick(nodes);
      ids.add(node.id());
      const fault = random.pick(kinds);
      const hit = harmless.has(fault) ? [] : fault === managerDies || fault === managerDiskFull ? nodes : [node];
      note(0, hit);
      const repairs: Later = (what, repair) => {
        note(1, hit);
        later(what, () => {
          repair();
          note(-1, hit);
        });
      };
      say(`fault: ${fault(node, ports, repairs)}`);
    },
    repairAll: () => {
      clock.kill();
      for (const node of nodes) troubles.set(node.name, { open: 0, last: timeline.elapsed() });
      machine.disk.full = false;
      lag.clear();
      for (const id of ids) wire.heal(id);
      void machine.start();
      for (const node of nodes) mend(node, ports);
    },
  };
}

function mend(node: SimNode, ports: FaultPorts): void {
  node.setDiskFull(false);
  node.setSlowness(1);
  node.engine.resume();
  if (node.powered()) node.engine.powerOn();
  node.powerOn();
  node.startAgent();
  // One that was removed, or is just being removed, comes back.
  const clock = processClock(ports.timeline);
  const look = (left: number): void => {
    const life = ports.machine.current();
    const gone = life !== undefined && life.store.view.get('node', node.id()) === undefined;
    if (gone) void rejoin(node, node.id(), ports);
    else if (left > 0) clock.after(1000, () => look(left - 1));
  };
  look(10);
}
