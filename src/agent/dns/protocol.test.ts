import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aSelf, aTask, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import type { Assignments } from '../network/endpoints.ts';
import { changeLines, fromResolver, longestLine, toResolver } from './protocol.ts';
import { rowKey } from './row.ts';
import type { Row } from './row.ts';
import { createRowBook } from './link/rows.ts';

const textsOf = (assignments: Assignments): ReadonlyMap<string, string> =>
  new Map(
    createRowBook()(assignments, new Map(), true).put.map((text) => [rowKey(JSON.parse(text) as Row), text] as const),
  );

/** What the other side makes of a change. */
function received(lines: readonly string[]) {
  const rows = new Map<string, Row>();
  const removed: string[] = [];
  for (const line of lines) {
    const message = toResolver(line);
    assert.equal(message?.kind, 'change');
    for (const row of message.put) rows.set(rowKey(row), row);
    removed.push(...message.remove);
  }
  return { rows, removed };
}

suite('what the agent tells the resolver', () => {
  test('is names alone: networks, endpoints, and resolvers that tasks asked for', () => {
    const task = aTask({
      id: 'task9',
      spec: { containers: [{ name: 'main', image: 'web', env: ['KEY=secret'], dns: { nameservers: ['192.0.2.53'] } }] },
    });
    const texts = textsOf(setOf(aSelf(), aNetwork(), anEndpoint(), aTask(), task));
    assert.deepEqual([...texts.keys()], ['network:front0000', 'endpoint:front0000/task1', 'servers:task9']);
    assert.equal(texts.get('servers:task9'), '{"kind":"servers","id":"task9","servers":["192.0.2.53"]}');
    assert.doesNotMatch([...texts.values()].join(), /secret/);
  });

  test('is the difference to what was told', () => {
    const other = anEndpoint({ id: 'front0000/task2', taskId: 'task2', address: '10.128.0.11' });
    const first = setOf(aSelf(), aNetwork(), anEndpoint(), other);
    const network = first.get('network:front0000');
    assert.ok(network);
    const book = createRowBook();
    assert.equal(book(first, new Map(), true).put.length, 3);
    assert.deepEqual(book(new Map(first), new Map(), false), { put: [], remove: [] });
    const changed = new Map([...setOf(aSelf(), anEndpoint({ ready: false })), ['network:front0000', network]]);
    const { put, remove } = book(changed, new Map(), false);
    assert.deepEqual(put, [textsOf(changed).get('endpoint:front0000/task1')]);
    assert.deepEqual(remove, ['endpoint:front0000/task2']);
    const again = setOf(aSelf(), aNetwork(), anEndpoint({ ready: false }));
    assert.deepEqual(book(again, new Map(), false), { put: [], remove: [] }, 'the same in other objects');
    assert.equal(book(again, new Map(), true).put.length, 2);
  });

  test('comes through whole, in short lines, however much it is', () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      anEndpoint({ id: `front0000/t${index}`, taskId: `t${index}`, names: ['web', `alias${index}`.repeat(8)] }),
    );
    const texts = textsOf(setOf(aSelf(), aNetwork(), ...many));
    const lines = changeLines({
      sequence: 7,
      whole: true,
      put: [...texts.values()],
      remove: ['endpoint:a/b', 'servers:"'],
    });
    assert.ok(lines.length > 10);
    for (const line of lines) assert.ok(line.length < longestLine / 4 && line.indexOf('\n') === line.length - 1);
    assert.deepEqual(
      lines.map((line) => /"last":(\w+)/.exec(line)?.[1]),
      lines.map((_, index) => String(index === lines.length - 1)),
    );
    const { rows, removed } = received(lines);
    assert.deepEqual([...rows.keys()], [...texts.keys()]);
    assert.deepEqual(removed, ['endpoint:a/b', 'servers:"']);
  });

  test('is a message also when nothing has to be told', () => {
    assert.deepEqual(toResolver(changeLines({ sequence: 1, whole: true, put: [], remove: [] })[0] ?? ''), {
      kind: 'change',
      sequence: 1,
      whole: true,
      last: true,
      put: [],
      remove: [],
    });
  });

  test('is refused where it is anything else', () => {
    const change = { kind: 'change', sequence: 1, whole: true, last: true, put: [], remove: [] };
    const network = {
      kind: 'network',
      id: 'n',
      name: 'n',
      subnet: '10.0.0.0/24',
      gateway: '10.0.0.1',
      internal: false,
    };
    const endpoint = JSON.parse([...textsOf(setOf(anEndpoint())).values()][0] ?? '') as object;
    assert.ok(toResolver(JSON.stringify({ ...change, put: [network, endpoint] })));
    const bad: unknown[] = [
      '',
      'hello',
      '[]',
      'null',
      {},
      { kind: 'listen', id: -1, address: '10.0.0.1' },
      { kind: 'listen', id: 1, address: 'x'.repeat(16) },
      { ...change, sequence: 1.5 },
      { ...change, put: {} },
      { ...change, put: [null] },
      { ...change, put: [{ ...network, internal: 'no' }] },
      { ...change, put: [{ ...network, id: 'n'.repeat(1000) }] },
      { ...change, put: [{ ...endpoint, names: Array.from({ length: 300 }, () => 'a') }] },
      { ...change, put: [{ ...endpoint, names: ['a'.repeat(256)] }] },
      { ...change, put: [{ ...endpoint, ready: 1 }] },
      { ...change, remove: [7] },
    ];
    for (const one of bad) assert.equal(toResolver(typeof one === 'string' ? one : JSON.stringify(one)), undefined);
    for (const one of ['', '{"kind":"hello"}', '{"kind":"applied"}', '{"kind":"listened","id":1,"refused":7}']) {
      assert.equal(fromResolver(one), undefined);
    }
  });

  test('leaves out what nobody can ask for', () => {
    const odd = anEndpoint({ names: ['web', 'x'.repeat(300), ''] });
    const row = JSON.parse([...textsOf(setOf(odd)).values()][0] ?? '') as { names: string[] };
    assert.deepEqual(row.names, ['web']);
  });
});
