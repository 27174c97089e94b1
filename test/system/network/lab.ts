import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { down } from '../../../src/dev/down.ts';
import { layoutCluster, layoutNode, netnsPath } from '../../../src/dev/layout.ts';
import type { NodeLayout } from '../../../src/dev/layout.ts';
import { insideNode } from '../../../src/dev/namespace.ts';
import { systemSpawn } from '../../../src/dev/spawn.ts';
import { uplinkAddress } from '../../../src/dev/subnet.ts';
import { up } from '../../../src/dev/up.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import { writeTinyImage } from '../../support/image.ts';
import type { Command } from './agent.ts';

/** A machine with an engine, and the network part of an agent on it. */
export interface LabNode {
  readonly name: string;
  readonly address: string;
  /** Runs a program inside of the node; gives what it wrote, standard error last. Throws when it fails. */
  run(...argv: string[]): Promise<string>;
  docker(...args: string[]): Promise<string>;
  /** Gives the agent a command, and its answer. */
  tell(command: Command): Promise<unknown>;
  startAgent(): void;
  /** Kills the agent; nothing is told to it. */
  killAgent(): Promise<void>;
}

export interface Lab extends AsyncDisposable {
  readonly nodes: readonly LabNode[];
  /** This machine's address, as the nodes see it. */
  readonly outside: string;
}

/** Machines with engines and the tiny image, without daemons of Tutti. */
export async function startLab(name: string, nodes: number): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-lab-'));
  const bases = { dataDirectory: join(directory, 'data'), runDirectory: join(directory, 'run') };
  const cluster = layoutCluster(name, bases);
  const stop = async (): Promise<void> => {
    await down(systemExec, cluster);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const none = (): never => {
      throw new Error('the lab has no members');
    };
    const enginePath = process.env.TUTTI_TEST_ENGINE_PATH;
    const state = await up(
      {
        exec: systemExec,
        spawn: systemSpawn,
        path: process.env.PATH ?? '',
        member: { init: none, join: none, start: none },
        report: () => undefined,
      },
      bases,
      { name, nodes, managers: 1, agents: false, nat: false, engineArguments: [], enginePath },
    );
    const image = join(directory, 'image.tar');
    await writeTinyImage(image);
    const made = state.nodes.map((node) => labNode({ ...layoutNode(cluster, node.name), address: node.address }));
    await Promise.all(made.map(async (node) => await node.docker('load', '-qi', image)));
    for (const node of made) node.startAgent();
    return {
      nodes: made,
      outside: uplinkAddress(state.subnet),
      async [Symbol.asyncDispose]() {
        for (const node of made) await node.killAgent();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function labNode(node: NodeLayout & { readonly address: string }): LabNode {
  const inside = insideNode(node, netnsPath(node.namespace), undefined);
  const endpoint = `unix://${node.engine.socket}`;
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let agent: ChildProcess | undefined;
  let last = 0;
  const run = async (argv: readonly string[]): Promise<string> => {
    const [command = '', ...args] = argv;
    const { code, stdout, stderr } = await systemExec(command, args, { timeoutMs: 60_000 });
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${code} ${stderr.trim() || stdout.trim()}`);
    return `${stdout}${stderr}`.trim();
  };
  return {
    name: node.name,
    address: node.address,
    run: async (...argv) => await run([...inside, ...argv]),
    docker: async (...args) => await run(['docker', '--host', endpoint, ...args]),
    async tell(command) {
      last += 1;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(last, answer);
      agent?.stdin?.write(`${JSON.stringify({ id: last, command })}\n`);
      return await answer.promise;
    },
    startAgent() {
      const [command = '', ...args] = inside;
      const script = fileURLToPath(new URL('agent.ts', import.meta.url));
      const child = spawn(command, [...args, process.execPath, script, endpoint], {
        stdio: ['pipe', 'pipe', process.env.TUTTI_TEST_LOG === undefined ? 'ignore' : 'inherit'],
      });
      agent = child;
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { id, value, error } = JSON.parse(line) as { id: number; value?: unknown; error?: string };
        const answer = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) answer?.resolve(value);
        else answer?.reject(new Error(error));
      });
    },
    async killAgent() {
      const child = agent;
      agent = undefined;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}
