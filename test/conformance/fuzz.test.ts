import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { endpointsOf } from '../../src/api/docker/testing/contract/endpoints.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { processes } from '../bench/footprint.ts';
import { prng } from '../sim/prng.ts';
import { until } from '../support/until.ts';

const seed = Number(process.env['TUTTI_FUZZ_SEED'] ?? 20260301);
const requests = 1500;
const atOnce = 16;

type Draw = () => number;
const pick = <Item>(draw: Draw, items: readonly Item[]): Item => items[Math.floor(draw() * items.length)] as Item;

const names = ['x', '..%2f..%2fetc', '%00', 'a/b/c', 'é', '%ff%fe', 'a'.repeat(3000), '-', '{}', '%25', "';--"];
const values = [
  '',
  '1',
  '-1',
  'true',
  '1e309',
  '{"a":',
  '{"label":{"x":true}}',
  '[]',
  '9'.repeat(40),
  '%',
  'a'.repeat(5000),
];
const bodies = [
  '',
  '{}',
  '[]',
  'null',
  '{"Image":3}',
  '{"Image":',
  '"',
  '{"Spec":{"Mode":[]}}',
  '\u0000',
  '['.repeat(500),
];
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'];
/** What would take the cluster itself away, or log it out of its own way, is left out. */
const spared = /^\/(?:swarm\/(?:leave|unlock|update)|containers\/prune|nodes)/;

const requestOf = (draw: Draw): string => {
  const {
    path,
    method,
    parameters = [],
  } = pick(
    draw,
    endpointsOf().filter((endpoint) => !spared.test(endpoint.path)),
  );
  const target = path.replaceAll(/\{\w+\}/g, () => pick(draw, names));
  const queries = parameters.filter((parameter) => parameter.in === 'query' && draw() < 0.4);
  const query = queries.map(({ name }) => `${name}=${encodeURIComponent(pick(draw, values))}`).join('&');
  const verb = draw() < 0.9 ? method : pick(draw, methods);
  const body = pick(draw, bodies);
  const version = pick(draw, ['', '/v1.41', '/v1.51', '/v9.9', '/v1.x']);
  const length = draw() < 0.9 ? Buffer.byteLength(body) : Math.floor(draw() * 1e6);
  const upgrade = draw() < 0.1 ? 'Connection: Upgrade\r\nUpgrade: tcp\r\n' : '';
  const head = `${verb} ${version}${target}?${query} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n${upgrade}`;
  return `${head}Content-Length: ${length}\r\n\r\n${body}`;
};

/** Sends bytes and hangs up: at an answer, in the middle of one, or before it. */
const attack = (socketPath: string, text: string, patienceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(text);
  });

describe('hostile requests over the real socket', () => {
  let cluster: TestCluster;
  /** Its supervisor, and it. */
  let managers: readonly number[] = [];
  before(async () => {
    cluster = await startCluster({ nodes: 2, managers: 1, images: 'tiny' });
    managers = await processes('bin/manager.ts', cluster.layout.name);
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const descriptors = async (): Promise<number> => (await readdir(`/proc/${managers.at(-1)}/fd`)).length;
  const resident = async (): Promise<number> =>
    Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${managers.at(-1)}/status`, 'utf8'))?.[1]) / 1024;

  test(`${requests} of them, seed ${seed}: the manager lives, leaks nothing and answers others`, async () => {
    const socket = cluster.endpoint.replace('unix://', '');
    const { number: draw } = prng(seed);
    const storm = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += atOnce) {
        const wave = Array.from({ length: atOnce }, () => attack(socket, requestOf(draw), 50 + draw() * 300));
        await Promise.all([...wave, ...(sent % (atOnce * 10) === 0 ? [cluster.docker('node', 'ls', '-q')] : [])]);
      }
    };
    await storm(requests / 5);
    const before = { descriptors: await descriptors(), resident: await resident() };
    await storm(requests);
    await until('descriptors are given back', descriptors, (now) => now <= before.descriptors + 8);
    assert.ok((await resident()) < before.resident + 96, `from ${before.resident} to ${await resident()} MB`);
    assert.deepEqual(await processes('bin/manager.ts', cluster.layout.name), managers);
    assert.match(await cluster.docker('node', 'ls'), /node2/);
  });
});
