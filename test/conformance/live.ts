import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createApi } from '../../src/api/server.ts';
import { TestCluster } from '../../src/manager/testing/cluster.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandomness } from '../../src/platform/random.ts';
import type { Inspector } from './lib/inspector.ts';
import { createInspector } from './lib/inspector.ts';
import { startWire } from './lib/wire.ts';

/** A whole manager in memory with agents that run everything at once, its time going on by itself, on a socket. */
export interface Live extends AsyncDisposable {
  readonly cluster: TestCluster;
  /** Path of the socket. */
  readonly socket: string;
  /** `unix://…`, as DOCKER_HOST and TUTTI_HOST have it. */
  readonly host: string;
  /** A directory that goes with it. */
  readonly directory: string;
  /** What passed over the socket, held against the specification. */
  readonly inspector: Inspector;
}

/** What every task has written. */
const written = [
  ['stdout', 'hello from standard output\n'],
  ['stderr', 'hello from standard error\n'],
] as const;

async function* openLogs(_nodeId: string, _taskId: string, { timestamps }: { readonly timestamps: boolean }) {
  for (const [stream, text] of written) {
    yield { stream, data: Buffer.from(timestamps ? `2026-01-02T03:04:05.000000006Z ${text}` : text) };
  }
}

/** `node1` is the manager, `node2` and `node3` are workers. */
export const startLive = async (): Promise<Live> => {
  const cluster = await TestCluster.start({ nodes: 0, gateway: { openLogs } });
  await cluster.addNode('node1', { role: 'manager' });
  await cluster.addNode('node2');
  await cluster.addNode('node3');
  const stopped = new AbortController();
  const pumping = pump(cluster, stopped.signal);
  const directory = await mkdtemp(join(tmpdir(), 'tutti-live-'));
  const socket = join(directory, 'docker.sock');
  const behind = join(directory, 'behind.sock');
  const { clock, manager } = cluster;
  const api = createApi({ manager, clock, random: systemRandomness, version: '0.1.0', log: silentLog });
  const server = createServer(api.listener).on('upgrade', api.upgrade);
  await new Promise<void>((listening) => server.listen(behind, listening));
  const inspector = createInspector();
  const wire = await startWire(socket, behind, inspector.see);
  return {
    cluster,
    socket,
    host: `unix://${socket}`,
    directory,
    inspector,
    [Symbol.asyncDispose]: async () => {
      await wire[Symbol.asyncDispose]();
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
      stopped.abort();
      await pumping;
      await cluster[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const stepMs = 5;
/** Where this process was held up for longer, nobody in the cluster is to have been silent for so long. */
const longestStepMs = 200;

/** Lets the cluster's time follow the real one. */
const pump = async (cluster: TestCluster, signal: AbortSignal): Promise<void> => {
  let last = performance.now();
  while (!signal.aborted) {
    const now = performance.now();
    cluster.clock.advance(Math.min(now - last, longestStepMs));
    last = now;
    await cluster.round();
    await setTimeout(stepMs);
  }
};
