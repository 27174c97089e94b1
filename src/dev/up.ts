import { access, mkdir } from 'node:fs/promises';
import { TuttiError } from '../model/errors.ts';
import { downAfterAll } from './down.ts';
import { seedEngine } from './images/template.ts';
import { layoutCluster, layoutNode } from './layout.ts';
import type { Bases, ClusterLayout } from './layout.ts';
import { claimSubnet, makeSwitch, removeUplink } from './links.ts';
import { bootNode } from './machine.ts';
import type { MachinePorts } from './machine.ts';
import type { MemberPort, RunningNode } from './member.ts';
import { formCluster } from './member.ts';
import { makePins } from './namespace.ts';
import { makeNat, readForwarding } from './nat.ts';
import { run } from './run.ts';
import { clusterNames, writeState } from './state.ts';
import type { ClusterState } from './state.ts';
import { freeSubnets, maximumNodes, nodeAddress } from './subnet.ts';

export interface UpOptions {
  readonly name: string;
  readonly nodes: number;
  /** The first so many nodes are managers. */
  readonly managers: number;
  /** False: engines only, nothing of Tutti. */
  readonly agents: boolean;
  /** Nodes reach the world through this machine. */
  readonly nat: boolean;
  /** Nodes have IPv6 addresses beside the others. */
  readonly ipv6?: boolean | undefined;
  readonly enginePath?: string | undefined;
  readonly engineArguments: readonly string[];
  /** Of `provideTemplate`: what the engines start with. */
  readonly template?: string | undefined;
  /** Called when the engines answer, to work with them while the cluster is formed; `up` waits for it. */
  readonly onEngines?: (endpoints: readonly string[]) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

export interface UpPorts extends MachinePorts {
  readonly member: MemberPort;
  /** Tells a person what is being done. */
  readonly report: (line: string) => void;
}

/**
 * Makes a cluster. What fails or is aborted is removed again, whole.
 * @throws TuttiError `invalid-argument`, `not-implemented` (several managers), `already-exists` (the name is in use), `permission-denied` (not root), `unavailable` (an engine did not start).
 */
export async function up(ports: UpPorts, bases: Bases, options: UpOptions): Promise<ClusterState> {
  check(options);
  const cluster = layoutCluster(options.name, bases);
  if ((await clusterNames(bases)).includes(options.name)) {
    throw new TuttiError(
      'already-exists',
      `there is a development cluster '${options.name}' already; 'tutti dev down --name ${options.name}' removes it`,
    );
  }
  if (options.enginePath !== undefined) await checkEngine(options.enginePath);
  const state = await claim(ports, cluster, options);
  try {
    await build(ports, cluster, state, options);
    return state;
  } catch (cause) {
    ports.report(`removing what was made of cluster '${options.name}'`);
    await downAfterAll(ports.exec, cluster);
    throw cause;
  }
}

function check(options: UpOptions): void {
  const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!whole(options.nodes, 1, maximumNodes)) {
    throw new TuttiError('invalid-argument', `--nodes must be a number from 1 to ${maximumNodes}`);
  }
  if (!whole(options.managers, 1, options.nodes)) {
    throw new TuttiError('invalid-argument', `--managers must be a number from 1 to --nodes (${options.nodes})`);
  }
  if (options.agents && options.managers > 1) {
    throw new TuttiError(
      'not-implemented',
      '--managers must be 1: a cluster keeps its state in SQLite and so has one manager',
    );
  }
  if (process.getuid?.() !== 0) {
    throw new TuttiError(
      'permission-denied',
      'a development cluster needs root: it makes network namespaces and mounts',
    );
  }
}

const checkEngine = async (directory: string): Promise<void> =>
  await access(`${directory}/dockerd`).catch(() => {
    throw new TuttiError('invalid-argument', `--engine-path: there is no dockerd in ${directory}`);
  });

/** Takes a free subnet and writes down what is about to be made, so that it can be removed whatever happens. */
async function claim(ports: UpPorts, cluster: ClusterLayout, options: UpOptions): Promise<ClusterState> {
  const routes = await run(ports.exec, ['ip', '-4', 'route', 'show', 'table', 'all']);
  for (const subnet of freeSubnets(routes)) {
    if (!(await claimSubnet(ports.exec, subnet))) continue;
    const state = await describe(options, subnet);
    try {
      await writeState(cluster, state);
    } catch (cause) {
      await removeUplink(ports.exec, subnet);
      throw cause;
    }
    return state;
  }
  throw new TuttiError('resource-exhausted', 'no subnet of 10.99.0.0/16 is free on this machine');
}

const describe = async (options: UpOptions, subnet: number): Promise<ClusterState> => ({
  version: 1,
  name: options.name,
  subnet,
  agents: options.agents,
  nat: options.nat,
  ...(options.ipv6 === true && { ipv6: true }),
  ...(options.nat && { forwardingBefore: await readForwarding() }),
  ...(options.enginePath !== undefined && { enginePath: options.enginePath }),
  engineArguments: [...options.engineArguments],
  nodes: Array.from({ length: options.nodes }, (_, index) => ({
    name: `node${index + 1}`,
    address: nodeAddress(subnet, index),
    role: index < options.managers ? 'manager' : 'worker',
  })),
});

async function build(
  ports: UpPorts,
  cluster: ClusterLayout,
  state: ClusterState,
  { onEngines, template, signal }: UpOptions,
): Promise<void> {
  await mkdir(cluster.run, { recursive: true });
  await makePins(ports.exec, cluster);
  await makeSwitch(ports.exec, cluster, state);
  if (state.nat) await makeNat(ports.exec, cluster, state);
  ports.report(`starting ${state.nodes.length} engines`);
  const booted = await settleAll(
    state.nodes.map(async (node) => {
      const layout = { ...layoutNode(cluster, node.name), ...node };
      if (template !== undefined) await seedEngine(ports.exec, template, layout.engine.dataRoot);
      return { ...layout, inside: await bootNode(ports, cluster, state, layout, signal) };
    }),
  );
  await settleAll([
    state.agents ? form(ports, booted, signal) : Promise.resolve(),
    onEngines?.(booted.map((node) => `unix://${node.engine.socket}`)) ?? Promise.resolve(),
  ]);
  signal?.throwIfAborted();
}

async function form(ports: UpPorts, nodes: readonly RunningNode[], signal: AbortSignal | undefined): Promise<void> {
  ports.report('forming the cluster');
  await formCluster(ports.member, nodes, signal);
}

/** Like Promise.all, but rejects only when nothing goes on in the background any more. */
async function settleAll<T>(work: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
