import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { down } from '../../src/dev/down.ts';
import { layoutCluster, layoutNode } from '../../src/dev/layout.ts';
import { powerOff, powerOn } from '../../src/dev/power.ts';
import { run } from '../../src/dev/run.ts';
import { systemSpawn } from '../../src/dev/spawn.ts';
import { up } from '../../src/dev/up.ts';
import type { UpPorts } from '../../src/dev/up.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { writeTinyImage } from '../support/image.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('engines only'));
const ports: UpPorts = {
  exec: systemExec,
  spawn: systemSpawn,
  path: process.env.PATH ?? '',
  member: { init: unused, join: unused, start: unused },
  report: () => undefined,
};
const node = 'node1';

/** One real Docker Engine of a test, in namespaces of its own, with a tiny image. */
export interface TestEngine extends AsyncDisposable {
  readonly socket: string;
  readonly image: string;
  /** On a memory file system that the engine sees. */
  readonly memoryDirectory: string;
  /** For the worker's records: on disk, gone with the engine. */
  readonly recordsFile: string;
  docker(...args: readonly string[]): Promise<string>;
  /** The engine and all its containers die at once. */
  powerOff(): Promise<void>;
  powerOn(): Promise<void>;
}

export async function startTestEngine(purpose: string): Promise<TestEngine> {
  const name = `${purpose}${process.pid}`;
  const root = await mkdtemp(join(tmpdir(), 'tutti-executor-'));
  const memoryDirectory = await mkdtemp('/dev/shm/tutti-executor-');
  const bases = { dataDirectory: join(root, 'data'), runDirectory: join(root, 'run') };
  const cluster = layoutCluster(name, bases);
  const { socket } = layoutNode(cluster, node).engine;
  const remove = async (): Promise<void> => {
    await down(systemExec, cluster);
    await rm(root, { recursive: true, force: true });
    await rm(memoryDirectory, { recursive: true, force: true });
  };
  try {
    await up(ports, bases, { name, nodes: 1, managers: 1, agents: false, nat: false, engineArguments: [] });
    const docker = async (...args: readonly string[]): Promise<string> =>
      (await run(systemExec, ['docker', '-H', `unix://${socket}`, ...args])).trim();
    const archive = join(root, 'tiny.tar');
    const image = await writeTinyImage(archive);
    await docker('load', '-q', '-i', archive);
    return {
      socket,
      image: image.tag,
      memoryDirectory,
      recordsFile: join(root, 'records.json'),
      docker,
      powerOff: async () => await powerOff(systemExec, cluster, node),
      powerOn: async () => {
        await powerOn(ports, cluster, node);
      },
      [Symbol.asyncDispose]: remove,
    };
  } catch (cause) {
    await remove();
    throw cause;
  }
}
