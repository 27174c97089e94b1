import { fileURLToPath } from 'node:url';
import { down } from '../../../src/dev/down.ts';
import { defaultBases, layoutCluster } from '../../../src/dev/layout.ts';
import type { ClusterLayout } from '../../../src/dev/layout.ts';
import { describeCluster } from '../../../src/dev/list.ts';
import type { NodeReport } from '../../../src/dev/list.ts';
import { createMemberPort } from '../../../src/dev/member-host.ts';
import { powerOff, powerOn, switchLink } from '../../../src/dev/power.ts';
import { run } from '../../../src/dev/run.ts';
import { systemSpawn } from '../../../src/dev/spawn.ts';
import { up } from '../../../src/dev/up.ts';
import type { UpPorts } from '../../../src/dev/up.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import type { ExecResult } from '../../../src/platform/exec.ts';
import { supplyOf } from './images.ts';
import type { Images } from './images.ts';

const program = fileURLToPath(new URL('../../../tutti', import.meta.url));
const timeoutMs = 120_000;

export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly NodeReport[];
  readonly layout: ClusterLayout;
  /** `unix://…` of the cluster's Docker API. */
  readonly endpoint: string;
  /** Runs the unmodified docker command against the cluster; throws what it says when it fails. */
  docker(...args: readonly string[]): Promise<string>;
  /** The same for what may fail: how it ended, and what it said. */
  tryDocker(...args: readonly string[]): Promise<ExecResult>;
  /** Runs `./tutti` against the cluster. */
  tutti(...args: readonly string[]): Promise<ExecResult>;
  /** Runs the docker command against one node's own engine. */
  engine(node: NodeReport, ...args: readonly string[]): Promise<string>;
  powerOff(node: string): Promise<void>;
  powerOn(node: string): Promise<void>;
  cut(node: string): Promise<void>;
  heal(node: string): Promise<void>;
}

export const ports: UpPorts = {
  exec: systemExec,
  spawn: systemSpawn,
  path: process.env.PATH ?? '',
  member: createMemberPort(systemExec),
  report: (line) => process.stderr.write(`# ${line}\n`),
};

/** A real cluster on this machine whose engines have the images, removed when it is disposed of. */
export async function startCluster(options: {
  readonly nodes: number;
  readonly managers: number;
  readonly images: Images;
}): Promise<TestCluster> {
  const name = `e2e-${process.pid}`;
  const supply = await supplyOf(ports, options.images);
  const { nodes: count, managers } = options;
  const made = { name, nodes: count, managers, agents: true, nat: false, engineArguments: [], ...supply };
  const state = await up(ports, defaultBases, made);
  const layout = layoutCluster(name, defaultBases);
  const { nodes, docker: endpoint = '' } = await describeCluster(systemExec, layout, state);
  return {
    nodes,
    layout,
    endpoint,
    docker: async (...args) => await run(systemExec, ['docker', '--host', endpoint, ...args], { timeoutMs }),
    tryDocker: async (...args) => await systemExec('docker', ['--host', endpoint, ...args], { timeoutMs }),
    tutti: async (...args) => await systemExec(program, ['--host', endpoint, ...args], { timeoutMs }),
    engine: async (node, ...args) => await run(systemExec, ['docker', '--host', node.engine, ...args], { timeoutMs }),
    powerOff: async (node) => await powerOff(systemExec, layout, node),
    powerOn: async (node) => await powerOn(ports, layout, node),
    cut: async (node) => await switchLink(systemExec, layout, node, 'down'),
    heal: async (node) => await switchLink(systemExec, layout, node, 'up'),
    async [Symbol.asyncDispose]() {
      await down(systemExec, layout);
    },
  };
}
