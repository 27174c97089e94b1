import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { backendName } from '../../core/route/backends.ts';
import { TuttiError } from '../../model/errors.ts';
import type { DoorLogView } from '../../model/native.ts';
import { silentLog } from '../../platform/log.ts';
import { parseDoorLogPath } from '../../rpc/door.ts';
import type { DoorLogOptions } from '../../rpc/door.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import { TestCluster } from '../testing/cluster.ts';
import { createDoor } from './door.ts';

const route = { match: { host: 'shop.example', path: '/' }, action: { kind: 'drop' } } as const;
const line = (time: number, uri: string, name = 'shop.example/'): string =>
  `${JSON.stringify({ time, client: '10.0.0.9', method: 'GET', host: 'shop.example', uri, protocol: 'HTTP/1.1', status: 200, bytes: 5, route: backendName(name), task: '-:-', ms: 1, end: '----' })}\n`;

const start = async (answer: (node: string, options: DoorLogOptions | undefined) => AsyncIterable<Uint8Array>) => {
  const cluster = await TestCluster.start({ nodes: 2 });
  const { store, clock, manager } = cluster;
  const requests: NodeRequests = {
    request: async (node, { path }) => ({ status: 200, body: answer(node, parseDoorLogPath(path)) }),
  };
  await manager.commands.addRoute(route);
  await manager.commands.changeDoor({ accessLog: true });
  return { cluster, door: createDoor({ store, requests, clock, log: silentLog }) };
};

const uris = (entries: readonly DoorLogView[]): readonly string[] =>
  entries.map((entry) => ('uri' in entry ? `${entry.node} ${entry.uri}` : `${entry.node}: ${entry.problem}`));

test('what all nodes have logged comes by its time, with route and node; lines may come in pieces', async () => {
  const asked: (DoorLogOptions | undefined)[] = [];
  const { cluster, door } = await start(async function* (node, options) {
    asked.push(options);
    const text = node === 'node1' ? `${line(1, '/a')}${line(3.0004, '/c')}no line of ours\n` : line(2, '/b', 'gone/');
    for (let at = 0; at < text.length; at += 50) yield await Promise.resolve(Buffer.from(text.slice(at, at + 50)));
  });
  await using _ = cluster;
  const { signal } = new AbortController();
  const entries = await Array.fromAsync(door.log({ follow: false, tail: 7, route: 'shop.example/' }, signal));
  assert.deepEqual(uris(entries), ['node1 /a', 'node2 /b', 'node1 /c']);
  const [first, second, third] = entries as Extract<DoorLogView, { time: number }>[];
  assert.deepEqual([first?.route, second?.route, third?.time], ['shop.example/', undefined, 3000]);
  assert.ok(first !== undefined && !('task' in first), 'nobody answered');
  assert.deepEqual(asked[0], { follow: false, tail: 7, backend: backendName('shop.example/') });
  assert.throws(() => door.log({ follow: false, route: 'other/' }, signal), /no route other/);
  await cluster.manager.commands.changeDoor({});
  assert.throws(() => door.log({ follow: false }, signal), /not logged.*--access-log on/);
});

test('followed, a node that is cut off says why once, and goes on with what is new', async () => {
  let cut = true;
  const asked: (number | undefined)[] = [];
  const { cluster, door } = await start(async function* (node, options) {
    if (node === 'node1') return yield Buffer.from(line(1, '/a'));
    asked.push(options?.tail);
    if (asked.length > 1 && cut) throw new TuttiError('unavailable', 'it is away');
    yield await Promise.resolve(Buffer.from(line(2, asked.length === 1 ? '/b' : '/c')));
    if (asked.length > 1) await new Promise(() => undefined);
  });
  await using _ = cluster;
  const ending = new AbortController();
  const seen: DoorLogView[] = [];
  const reading = (async () => {
    for await (const entry of door.log({ follow: true, tail: 1 }, ending.signal)) seen.push(entry);
  })();
  const pass = async (done: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 200 && !done(); turn += 1) {
      await setImmediate();
      cluster.clock.advance(100);
    }
    assert.ok(done(), uris(seen).join(', '));
  };
  await pass(() => asked.length > 4);
  cut = false;
  const ofSecond = () => uris(seen).filter((text) => text.startsWith('node2'));
  await pass(() => ofSecond().length === 3);
  assert.deepEqual(ofSecond(), ['node2 /b', 'node2: it is away', 'node2 /c']);
  assert.deepEqual([...new Set(asked)], [1, 0]);
  ending.abort();
  await Promise.race([reading, setImmediate()]);
});

test('metrics are those of the nodes that tell them', async () => {
  const { cluster, door } = await start(async function* (node) {
    if (node === 'node2') throw new TuttiError('unavailable', 'it is away');
    yield await Promise.resolve(Buffer.from('haproxy_up 1\n'));
  });
  await using _ = cluster;
  assert.equal(await door.metrics(new AbortController().signal), 'haproxy_up{node="node1"} 1\n');
});
