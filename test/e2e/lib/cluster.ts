import { homedir } from 'node:os';
import { join } from 'node:path';
import { down } from '../../../src/dev/down.ts';
import { buildImages } from '../../../src/dev/images/build.ts';
import { imageSource } from '../../../src/dev/images/source.ts';
import { votingAppImages } from '../../../src/dev/images/voting-app.ts';
import { defaultBases, layoutCluster } from '../../../src/dev/layout.ts';
import { describeCluster } from '../../../src/dev/list.ts';
import type { NodeReport } from '../../../src/dev/list.ts';
import { createMemberPort } from '../../../src/dev/member-host.ts';
import { powerOff, powerOn, switchLink } from '../../../src/dev/power.ts';
import { run } from '../../../src/dev/run.ts';
import { systemSpawn } from '../../../src/dev/spawn.ts';
import { up } from '../../../src/dev/up.ts';
import type { UpPorts } from '../../../src/dev/up.ts';
import { systemExec } from '../../../src/platform/exec.ts';

export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly NodeReport[];
  /** `unix://…` of the cluster's Docker API. */
  readonly endpoint: string;
  /** Runs the unmodified docker command against the cluster. */
  docker(...args: readonly string[]): Promise<string>;
  powerOff(node: string): Promise<void>;
  powerOn(node: string): Promise<void>;
  cut(node: string): Promise<void>;
  heal(node: string): Promise<void>;
}

const ports: UpPorts = {
  exec: systemExec,
  spawn: systemSpawn,
  path: process.env.PATH ?? '',
  member: createMemberPort(systemExec),
  report: (line) => process.stderr.write(`# ${line}\n`),
};
const bases = defaultBases;

/** The archive of the voting app's images; built when there is none. */
export const votingAppArchive = async (): Promise<string> =>
  await buildImages(ports, {
    name: 'voting-app',
    images: votingAppImages,
    cache: process.env.TUTTI_CACHE ?? join(homedir(), '.cache', 'tutti'),
    bases,
    report: ports.report,
  });

/** A real cluster on this machine whose engines have the images of the archive, removed when it is disposed of. */
export async function startCluster(options: {
  readonly nodes: number;
  readonly managers: number;
  readonly archive: string;
}): Promise<TestCluster> {
  const name = `e2e-${process.pid}`;
  const { archive, nodes: count, managers } = options;
  const images = await imageSource(ports, { archive, bases, report: ports.report });
  const sizes = { nodes: count, managers };
  const state = await up(ports, bases, { ...sizes, ...images, name, agents: true, nat: false, engineArguments: [] });
  const cluster = layoutCluster(name, bases);
  const { nodes, docker: endpoint = '' } = await describeCluster(systemExec, cluster, state);
  return {
    nodes,
    endpoint,
    docker: async (...args) => await run(systemExec, ['docker', '--host', endpoint, ...args], { timeoutMs: 120_000 }),
    powerOff: async (node) => await powerOff(systemExec, cluster, node),
    powerOn: async (node) => await powerOn(ports, cluster, node),
    cut: async (node) => await switchLink(systemExec, cluster, node, 'down'),
    heal: async (node) => await switchLink(systemExec, cluster, node, 'up'),
    async [Symbol.asyncDispose]() {
      await down(systemExec, cluster);
    },
  };
}
