import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answer } from '../answer.ts';
import { encodeOutcome, parseQuery } from '../message.ts';
import * as packet from 'dns-packet';
import { rowKey } from '../row.ts';
import type { Row, RowChange } from '../row.ts';
import { createNameTable } from './table.ts';
import type { NameTable } from './table.ts';

const few = fc.constantFrom('1', '2', '3');
const network = few.map(
  (n): Row => ({
    kind: 'network',
    id: n,
    name: `net${n}`,
    subnet: `10.0.${n}.0/24`,
    gateway: `10.0.${n}.1`,
    internal: n === '3',
  }),
);
const endpoint = fc
  .record({
    n: few,
    task: few,
    address: fc.constantFrom('10', '11'),
    name: fc.constantFrom('web', 'Db'),
    ready: fc.boolean(),
    link: fc.boolean(),
  })
  .map(
    ({ n, task, address, name, ready, link }): Row => ({
      kind: 'endpoint',
      id: `${n}/${task}`,
      networkId: n,
      taskId: task,
      address: `10.0.${n}.${address}`,
      names: [name],
      taskNames: [`${name}.${task}`],
      ready,
      ...(link && { links: ['web:mine'] }),
    }),
  );
const servers = few.map((id): Row => ({ kind: 'servers', id, servers: ['192.0.2.53'] }));
const row = fc.oneof(network, endpoint, endpoint, endpoint, servers);
const change: fc.Arbitrary<RowChange> = fc.record({
  whole: fc.nat(9).map((n) => n === 0),
  put: fc.array(row, { maxLength: 4 }),
  remove: fc.array(row.map(rowKey), { maxLength: 2 }),
});

const names = ['web', 'db', 'web.1', 'tasks.web', 'web.net1', 'mine', 'nobody', '10.1.0.10.in-addr.arpa'];
const clients = ['1', '2', '3'].flatMap((n) => [`10.0.${n}.10`, `10.0.${n}.77`]);

/** All that can be found out about it. */
const told = (table: NameTable): unknown =>
  clients.map((address) => {
    const client = table.client(address);
    return [
      client?.mayForward,
      client?.nameservers,
      ...names.map((name) => answer({ name, type: name.endsWith('arpa') ? 'PTR' : 'A' }, client, table)),
    ];
  });

test('a table that was changed step by step says what one says that was made at once; what it remembers is never old', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const stepwise = createNameTable();
      const rows = new Map<string, Row>();
      const asked = packet.encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'web' }] });
      const parsed = parseQuery(asked, 'udp');
      assert.equal(parsed.kind, 'query');
      for (const next of changes) {
        stepwise.apply(next);
        if (next.whole) rows.clear();
        else for (const key of next.remove) rows.delete(key);
        for (const each of next.put) rows.set(rowKey(each), each);
        for (const address of clients) {
          const client = stepwise.client(address);
          const outcome = answer(parsed.query.question, client, stepwise);
          if (client === undefined || outcome.kind === 'forward') continue;
          const { message } = encodeOutcome(parsed.query, outcome);
          const known = client.replies.find(asked, 'udp');
          if (known === undefined) client.replies.keep(asked, 'udp', message);
          else assert.deepEqual(packet.decode(known).answers, packet.decode(message).answers);
        }
      }
      const atOnce = createNameTable();
      atOnce.apply({ whole: true, put: [...rows.values()], remove: [] });
      assert.equal(stepwise.size(), atOnce.size());
      assert.deepEqual(stepwise.gateways(), atOnce.gateways());
      assert.deepEqual(told(stepwise), told(atOnce));
    }),
    { numRuns: 300 },
  );
});
