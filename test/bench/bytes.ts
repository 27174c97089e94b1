import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { until } from '../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { DockerEndpoint } from './docker.ts';
import { peakOf, processOf } from './footprint.ts';
import type { BenchResult } from './result.ts';
import { median } from './result.ts';

/** What bytes are sent through, and how many of them. */
export interface BytesBench {
  readonly tutti: Cluster;
  readonly image: string;
  /** Through exec and cp; a sixteenth of it through logs, whose lines cost the engine itself a hundred times as much. */
  readonly bytes: number;
}

interface Target {
  readonly docker: DockerEndpoint;
  readonly socketPath: string;
}

const megabyte = 1 << 20;

/** Bytes of an answer's body, read and thrown away. */
const drained = async (answer: IncomingMessage): Promise<number> => {
  let size = 0;
  for await (const chunk of answer) size += (chunk as Buffer).length;
  if ((answer.statusCode ?? 500) >= 400) throw new Error(`the answer was ${answer.statusCode}`);
  return size;
};

const get = (socketPath: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: `/v1.41${path}`, agent: false }, (answer) => {
      drained(answer).then(resolve, reject);
    });
    sent.on('error', reject).end();
  });

/** As the docker command does it: the connection is taken over. */
const exec = async ({ docker, socketPath }: Target, container: string, command: readonly string[]): Promise<number> => {
  const made = { AttachStdout: true, Tty: false, Cmd: command };
  const { Id } = await docker.call<{ Id: string }>('POST', `/containers/${container}/exec`, made);
  const body = JSON.stringify({ Detach: false, Tty: false });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    Connection: 'Upgrade',
    Upgrade: 'tcp',
  };
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, method: 'POST', path: `/v1.41/exec/${Id}/start`, headers, agent: false });
    sent.on('error', reject);
    sent.on('response', ({ statusCode }) => reject(new Error(`exec was answered ${statusCode}`)));
    sent.on('upgrade', (_answer, socket, head) => {
      let size = head.length;
      socket.on('data', (chunk: Buffer) => (size += chunk.length));
      socket.on('error', reject);
      socket.on('end', () => {
        socket.end();
        resolve(size);
      });
    });
    sent.end(body);
  });
};

const block = Buffer.alloc(64 * 1024);

/** The header of a tar archive's file of zeros (POSIX ustar). */
const tarHeader = (name: string, bytes: number): Buffer => {
  const header = Buffer.alloc(512);
  const put = (text: string, at: number): void => void header.write(text, at, 'latin1');
  put(name, 0);
  put('0000644\0', 100);
  put('0000000\0', 108);
  put('0000000\0', 116);
  put(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  put('00000000000\0', 136);
  put('        ', 148);
  put('0', 156);
  put('ustar\u000000', 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
};

const copyIn = ({ socketPath }: Target, container: string, bytes: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const path = `/v1.41/containers/${container}/archive?path=/data`;
    const headers = { 'Content-Type': 'application/x-tar' };
    const sent = request({ socketPath, method: 'PUT', path, headers, agent: false }, (answer) => {
      drained(answer).then(() => resolve(bytes), reject);
    });
    sent.on('error', reject);
    let left = bytes;
    const more = (): void => {
      while (left > 0) {
        left -= block.length;
        if (!sent.write(block)) return void sent.once('drain', more);
      }
      sent.end(Buffer.alloc(1024));
    };
    sent.write(tarHeader('in', bytes));
    more();
  });

/** A container that has said `bytes` in lines of a hundred, and ended. */
const startTalker = async (engine: DockerEndpoint, image: string, bytes: number): Promise<string> => {
  const line = 'x'.repeat(99);
  const say = `i=0; while test $i -lt ${Math.ceil(bytes / 100_000)}; do cat /tmp/lines; i=$((i+1)); done`;
  const fill = `i=0; while test $i -lt 1000; do echo ${line}; i=$((i+1)); done > /tmp/lines`;
  const body = { Image: image, Cmd: ['sh', '-c', `${fill}; ${say}`] };
  const { Id } = await engine.call<{ Id: string }>('POST', '/containers/create', body);
  await engine.call('POST', `/containers/${Id}/start`);
  await engine.call('POST', `/containers/${Id}/wait`);
  return Id;
};

const mbPerSecond = async (least: number, work: () => Promise<number>): Promise<number> => {
  const from = performance.now();
  const bytes = await work();
  if (bytes < least) throw new Error(`${bytes} of ${least} bytes came through`);
  return bytes / 1e3 / (performance.now() - from);
};

const runs = 3;

/** Bytes through exec, logs and cp, to and from another node than the manager's, beside the engine's own. */
export async function bytesThrough({ tutti, image, bytes }: BytesBench): Promise<readonly BenchResult[]> {
  const engine = tutti.engines.at(-1) as DockerEndpoint;
  const node = tutti.nodes.at(-1);
  const path = (endpoint: string): string => endpoint.replace(/^unix:\/\//, '');
  const through: Target = { docker: tutti.docker, socketPath: path(tutti.endpoint) };
  const direct: Target = { docker: engine, socketPath: path(node?.engine ?? '') };
  const logBytes = Math.ceil(bytes / 16);
  const talker = await startTalker(engine, image, logBytes);
  const { Id: box } = await engine.call<{ Id: string }>('POST', '/containers/create', { Image: image });
  await engine.call('POST', `/containers/${box}/start`);
  const made = ['dd', 'if=/dev/zero', 'of=/data/out', 'bs=1048576', `count=${bytes / megabyte}`];
  const ways: Readonly<Record<string, readonly [size: number, (target: Target) => Promise<number>]>> = {
    exec: [bytes, (target) => exec(target, box, ['dd', 'if=/dev/zero', 'bs=1048576', `count=${bytes / megabyte}`])],
    'cp out of a container': [bytes, ({ socketPath }) => get(socketPath, `/containers/${box}/archive?path=/data/out`)],
    'cp into a container': [bytes, (target) => copyIn(target, box, bytes)],
    'logs, lines of 100 bytes': [logBytes, ({ socketPath }) => get(socketPath, `/containers/${talker}/logs?stdout=1`)],
  };
  try {
    for (const id of [box, talker]) {
      await until(
        'the container is known',
        () => tutti.docker.call('GET', `/containers/${id}/json`),
        () => true,
      );
    }
    await exec(direct, box, made);
    const daemons = {
      manager: await processOf('bin/manager.ts', tutti),
      agent: await processOf('bin/agent.ts', tutti),
    };
    const results: BenchResult[] = [];
    for (const [name, [size, work]] of Object.entries(ways)) {
      const own: number[] = [];
      const alone: number[] = [];
      const peaks = { manager: await peakOf(daemons.manager), agent: await peakOf(daemons.agent) };
      for (let run = 0; run < runs; run++) {
        own.push(await mbPerSecond(size, () => work(through)));
        alone.push(await mbPerSecond(size, () => work(direct)));
      }
      results.push({
        name: `${Math.round(size / megabyte)} MiB through ${name}, ratio to the engine's own`,
        value: median(own) / median(alone),
        unit: '×',
        limit: { kind: 'at least', value: 0.7 },
        detail: `(Tutti ${median(own).toFixed(0)} MB/s, engine ${median(alone).toFixed(0)} MB/s)`,
      });
      for (const daemon of ['manager', 'agent'] as const) {
        const { before, grown } = await peaks[daemon]();
        results.push({
          name: `${daemon}: peak above what it had before`,
          value: grown,
          unit: 'MB',
          limit: { kind: 'at most', value: 64 },
          detail: `(from ${before.toFixed(0)} MB)`,
        });
      }
    }
    return results;
  } finally {
    for (const id of [box, talker]) await engine.call('DELETE', `/containers/${id}?force=1`);
  }
}
