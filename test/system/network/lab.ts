import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { down } from '../../../src/dev/down.ts';
import { layoutCluster, layoutNode, netnsPath } from '../../../src/dev/layout.ts';
import type { NodeLayout } from '../../../src/dev/layout.ts';
import { insideNode } from '../../../src/dev/namespace.ts';
import { systemSpawn } from '../../../src/dev/spawn.ts';
import { uplinkAddress } from '../../../src/dev/subnet.ts';
import { up } from '../../../src/dev/up.ts';
import { daemonOf } from '../../../src/host/daemons/daemon.ts';
import { nodePaths } from '../../../src/host/paths.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import { writeTinyImage } from '../../support/image.ts';
import type { Command } from './agent.ts';
import { question } from './client.ts';
import { lineProcess } from './lines.ts';
import type { LineProcess } from './lines.ts';

/** A machine with an engine, and the network part of an agent on it. */
export interface LabNode {
  readonly name: string;
  readonly address: string;
  /** Runs a program inside of the node; gives what it wrote, standard error last. Throws when it fails. */
  run(...argv: string[]): Promise<string>;
  /** The command line that runs a program inside of the node. */
  inside(...argv: string[]): readonly string[];
  docker(...args: string[]): Promise<string>;
  /** Gives the agent a command, and its answer. */
  tell(command: Command): Promise<unknown>;
  startAgent(): void;
  /** Kills (-9) the agent; nothing is told to it. */
  killAgent(): Promise<void>;
  /** Starts the node's resolver: the real program. */
  startResolver(): void;
  /** Kills (-9) the resolver. */
  killResolver(): Promise<void>;
  /** Starts someone who asks, and serves on the port, in a container of the node or (undefined) in the node itself. */
  party(container: string | undefined, port?: number): Promise<void>;
  /** Has the one in the container, or in the node, ask; see client.ts. */
  ask(container: string | undefined, ...asked: string[]): Promise<string>;
}

export interface Lab extends AsyncDisposable {
  readonly nodes: readonly LabNode[];
  /** This machine's address, as the nodes see it. */
  readonly outside: string;
  /** Asks from this machine. */
  ask(kind: string, first: string, second: string, third?: string): Promise<string>;
}

/** Machines with engines and the tiny image, without daemons of Tutti. `TUTTI_LAB_SUFFIX` keeps runs side by side apart. */
export async function startLab(
  plainName: string,
  nodes: number,
  options: { readonly ipv6?: boolean } = {},
): Promise<Lab> {
  const name = `${plainName}${process.env.TUTTI_LAB_SUFFIX ?? ''}`;
  const directory = await mkdtemp(join(tmpdir(), 'tutti-lab-'));
  const bases = { dataDirectory: join(directory, 'data'), runDirectory: join(directory, 'run') };
  const cluster = layoutCluster(name, bases);
  const children = new Set<LineProcess>();
  const stop = async (): Promise<void> => {
    for (const child of children) await child.kill();
    await down(systemExec, cluster);
    await rm(directory, { recursive: true, force: true });
  };
  const none = (): never => {
    throw new Error('the lab has no members');
  };
  try {
    const state = await up(
      {
        exec: systemExec,
        spawn: systemSpawn,
        path: process.env.PATH ?? '',
        member: { init: none, join: none, start: none },
        report: () => undefined,
      },
      bases,
      {
        name,
        nodes,
        managers: 1,
        agents: false,
        nat: false,
        ipv6: options.ipv6,
        engineArguments: [],
      },
    );
    const image = join(directory, 'image.tar');
    await writeTinyImage(image);
    const made = state.nodes.map((node) =>
      labNode({ ...layoutNode(cluster, node.name), address: node.address }, children),
    );
    await Promise.all(
      made.map(async (node) => {
        await node.docker('load', '-qi', image);
        node.startResolver();
        node.startAgent();
        await node.party(undefined);
      }),
    );
    return {
      nodes: made,
      outside: uplinkAddress(state.subnet),
      ask: question,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function run(argv: readonly string[]): Promise<string> {
  const [command = '', ...args] = argv;
  const { code, stdout, stderr } = await systemExec(command, args, { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${code} ${stderr.trim() || stdout.trim()}`);
  return `${stdout}${stderr}`.trim();
}

const script = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

function labNode(node: NodeLayout & { readonly address: string }, children: Set<LineProcess>): LabNode {
  const inside = insideNode(node, netnsPath(node.namespace), undefined);
  const endpoint = `unix://${node.engine.socket}`;
  const parties = new Map<string | undefined, LineProcess>();
  let agent: LineProcess | undefined;
  let resolver: LineProcess | undefined;
  const start = (argv: readonly string[]): LineProcess => {
    const child = lineProcess(argv);
    children.add(child);
    return child;
  };
  const docker = async (...args: string[]): Promise<string> => await run(['docker', '--host', endpoint, ...args]);
  return {
    name: node.name,
    address: node.address,
    run: async (...argv) => await run([...inside, ...argv]),
    inside: (...argv) => [...inside, ...argv],
    docker,
    tell: async (command) => await agent?.tell({ command }),
    startAgent() {
      agent = start([...inside, process.execPath, script('agent.ts'), endpoint, nodePaths(node.tutti).resolverSocket]);
    },
    async killAgent() {
      await agent?.kill();
      agent = undefined;
    },
    startResolver() {
      resolver = start([...inside, ...daemonOf('resolver', node.tutti).command]);
    },
    async killResolver() {
      await resolver?.kill();
      resolver = undefined;
    },
    async party(container, port) {
      const prefix =
        container === undefined
          ? inside
          : ['nsenter', '-t', await docker('inspect', '-f', '{{.State.Pid}}', container), '-n'];
      const argv = [...prefix, process.execPath, script('party.ts'), container ?? node.name];
      const party = start(port === undefined ? argv : [...argv, String(port)]);
      parties.set(container, party);
      // An answer shows that it serves: it reads only afterwards.
      await party.tell({ asked: ['tcp', '127.0.0.1', '1'] });
    },
    async ask(container, ...asked) {
      return String(await parties.get(container)?.tell({ asked }));
    },
  };
}
