import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { down } from '../../../src/dev/down.ts';
import { defaultBases, layoutCluster } from '../../../src/dev/layout.ts';
import { describeCluster } from '../../../src/dev/list.ts';
import type { NodeReport } from '../../../src/dev/list.ts';
import { up } from '../../../src/dev/up.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import { ports } from '../../e2e/lib/cluster.ts';
import { writeTinyImage } from '../../support/image.ts';
import type { Inspector } from './inspector.ts';
import { createInspector } from './inspector.ts';
import { startWire } from './wire.ts';

const exec = promisify(execFile);

/** One endpoint of Docker's API that is compared with another one. */
export interface Side {
  readonly name: 'tutti' | 'plain';
  /** Path of the socket that the programs are given. */
  readonly socket: string;
  /** `unix://…` of it. */
  readonly host: string;
  /** What went over it. */
  readonly inspector: Inspector;
  readonly nodes: readonly NodeReport[];
  /** This machine's address, as its nodes have it. */
  readonly outside: string;
  /** Name of the development cluster. */
  readonly cluster: string;
}

/** A cluster of three engines under Tutti, and a plain engine in Swarm mode beside it. */
export interface Pair extends AsyncDisposable {
  readonly tutti: Side;
  readonly plain: Side;
  /** For what goes with the run; removed at its end. */
  readonly directory: string;
}

/** Tags of the one small image that every engine has from the start. */
export const images = ['tiny:1', 'busybox:latest'] as const;

/**
 * Builds both; about fifteen seconds. Needs root. With `onlyPlain` both are plain engines: what differs then is chance,
 * and the comparison's fault.
 */
export const startPair = async (nodes = 3, onlyPlain = false): Promise<Pair> => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'tutti-pair-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const archives = await Promise.all(
    images.map(async (tag) => {
      const path = join(directory, `${tag.replace(':', '-')}.tar`);
      await writeTinyImage(path, tag);
      return path;
    }),
  );
  const side = async (name: Side['name'], count: number): Promise<Side> => {
    const cluster = `${name}-${process.pid}`;
    const layout = layoutCluster(cluster, defaultBases);
    const agents = name === 'tutti' && !onlyPlain;
    const options = { name: cluster, nodes: agents ? count : 1, managers: 1, agents, nat: false };
    const state = await up(ports, defaultBases, { ...options, engineArguments: ['--insecure-registry=10.0.0.0/8'] });
    stack.defer(async () => void (await down(systemExec, layout)));
    const report = await describeCluster(systemExec, layout, state);
    for (const { engine } of report.nodes) {
      for (const archive of archives) await exec('docker', ['--host', engine, 'load', '-q', '-i', archive]);
    }
    const [first] = report.nodes;
    if (first === undefined) throw new Error('no node');
    if (!agents) {
      await exec('docker', ['--host', first.engine, 'swarm', 'init', '--advertise-addr', first.address]);
    }
    const behind = (report.docker ?? first.engine).replace('unix://', '');
    const socket = join(directory, `${name}.sock`);
    const inspector = createInspector();
    const wire = await startWire(socket, behind, inspector.see);
    stack.defer(() => wire[Symbol.asyncDispose]());
    return {
      name,
      socket,
      host: `unix://${socket}`,
      inspector,
      nodes: report.nodes,
      outside: first.address.replace(/\.\d+$/, '.253'),
      cluster,
    };
  };
  const tutti = await side('tutti', nodes);
  const plain = await side('plain', 1);
  const owned = stack.move();
  return { tutti, plain, directory, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};
