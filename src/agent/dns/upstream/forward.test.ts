import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as packet from 'dns-packet';
import { createForwarder } from './forward.ts';
import { parseQuery } from '../message.ts';
import type { Query } from '../message.ts';
import { opt } from '../testing/opt.ts';

const queryFor = (name: string, edns = false, transport: 'udp' | 'tcp' = 'udp'): Query => {
  const additionals = edns ? [opt] : [];
  const message = packet.encode({ type: 'query', id: 7, questions: [{ type: 'A', name }], additionals });
  const parsed = parseQuery(message, transport);
  assert.equal(parsed.kind, 'query');
  return parsed.query;
};
const answerTo = ({ question: { name } }: Query, count = 1, more: Partial<packet.Packet> = {}): Buffer =>
  packet.encode({
    type: 'response',
    id: 99,
    questions: [{ type: 'A', name }],
    answers: Array.from({ length: count }, (_, i) => ({
      type: 'A' as const,
      name,
      ttl: 60,
      data: `192.0.${i >> 8}.${i & 255}`,
    })),
    additionals: [opt],
    ...more,
  });

function setUp(say: (query: Query) => Promise<Buffer | undefined>) {
  let now = 0;
  const asked: (readonly string[])[] = [];
  const forwarder = createForwarder({
    clock: { monotonic: () => now },
    upstream: {
      ask: async (query, servers) => {
        asked.push(servers);
        return await say(query);
      },
    },
    nameservers: () => ['192.0.2.53', '10.128.0.1'],
    isHere: (server) => server === '10.128.0.1',
  });
  const ask = async (query: Query, address = 'client', gateway = 'gateway') =>
    packet.decode(await forwarder.forward(query, undefined, { address, gateway })) as packet.DecodedPacket & {
      readonly rcode: string;
    };
  return { ask, asked, pass: (ms: number) => void (now += ms) };
}

suite('what others know', () => {
  test('is asked once for all who wait and while it lives, never in a circle', async () => {
    const gate = Promise.withResolvers<void>();
    const { ask, asked, pass } = setUp(async (query) => {
      await gate.promise;
      return answerTo(query);
    });
    const waiting = ['a.example', 'A.Example', 'a.example'].map(async (name) => await ask(queryFor(name)));
    gate.resolve();
    const found = await Promise.all(waiting);
    assert.deepEqual(
      found.map(({ id, questions }) => [id, questions?.[0]?.name]),
      [
        [7, 'a.example'],
        [7, 'A.Example'],
        [7, 'a.example'],
      ],
    );
    assert.deepEqual(asked, [['192.0.2.53']]);
    pass(59_999);
    assert.equal((await ask(queryFor('a.example'))).answers?.[0]?.type, 'A');
    assert.equal(asked.length, 1);
    pass(1);
    await ask(queryFor('a.example'));
    assert.equal(asked.length, 2);
  });

  test('is for the question that was asked, and for none that only looks like it', async () => {
    const { ask, asked } = setUp(async (query) => await Promise.resolve(answerTo(query)));
    const bytes = (name: string, type = 1): Query => {
      const section = Buffer.from(`${name}\0\0${String.fromCharCode(type)}\0\u0001`, 'latin1');
      return { ...queryFor('x'), section };
    };
    // A dot in a label; what is no UTF-8; letters that have no case in DNS; types whose numbers are letters.
    const apart = [
      bytes('\u0003www\u0002io'),
      bytes('\u0006www.io'),
      bytes('\u0001\u00ff\u0002io'),
      bytes('\u0001\u00fe\u0002io'),
    ];
    apart.push(bytes('\u0001\u00de\u0002io'), bytes('\u0003www\u0002io', 65), bytes('\u0003www\u0002io', 97));
    for (const query of apart) await ask(query);
    assert.equal(asked.length, apart.length);
    for (const query of [...apart, bytes('\u0003WwW\u0002IO')]) await ask(query);
    assert.equal(asked.length, apart.length);
  });

  test('is given as the client can take it: cut where it is too long, with EDNS where it speaks that', async () => {
    const { ask, asked } = setUp(async (query) => await Promise.resolve(answerTo(query, 40)));
    const plain = await ask(queryFor('a.example'));
    assert.deepEqual([plain.flag_tc, plain.answers, plain.additionals], [true, [], []]);
    const edns = await ask(queryFor('a.example', true));
    assert.deepEqual([edns.flag_tc, edns.answers?.length, edns.additionals?.[0]?.type], [false, 40, 'OPT']);
    const tcp = await ask(queryFor('a.example', false, 'tcp'));
    assert.deepEqual([tcp.answers?.length, tcp.additionals], [40, []]);
    assert.equal(asked.length, 1, 'all from one answer');
  });

  test('that nobody says is not asked for again at once', async () => {
    const { ask, asked, pass } = setUp(async () => await Promise.resolve(undefined));
    assert.equal((await ask(queryFor('a.example'))).rcode, 'SERVFAIL');
    assert.equal((await ask(queryFor('a.example', true))).rcode, 'SERVFAIL');
    assert.equal(asked.length, 1);
    pass(1_000);
    await ask(queryFor('a.example'));
    assert.equal(asked.length, 2);
  });

  test('waits for so many questions and no more', async () => {
    const gate = Promise.withResolvers<void>();
    const { ask, asked } = setUp(async (query) => {
      await gate.promise;
      return answerTo(query);
    });
    const first = Array.from({ length: 64 }, async (_, i) => await ask(queryFor(`n${i}.example`)));
    assert.equal((await ask(queryFor('more.example'))).rcode, 'SERVFAIL');
    const other = ask(queryFor('more.example'), 'another');
    gate.resolve();
    assert.ok((await Promise.all([...first, other])).every(({ rcode }) => rcode === 'NOERROR'));
    assert.equal(asked.length, 65);
  });

  test('waits for no more of one network, whatever addresses its clients give themselves', async () => {
    const gate = Promise.withResolvers<void>();
    const { ask } = setUp(async (query) => {
      await gate.promise;
      return answerTo(query);
    });
    const first = Array.from({ length: 256 }, async (_, i) => await ask(queryFor(`n${i}.example`), `client ${i}`));
    assert.equal((await ask(queryFor('more.example'), 'another')).rcode, 'SERVFAIL');
    const other = ask(queryFor('more.example'), 'another', 'of another network');
    gate.resolve();
    assert.ok((await Promise.all([...first, other])).every(({ rcode }) => rcode === 'NOERROR'));
    assert.equal((await ask(queryFor('more.example'), 'another')).rcode, 'NOERROR');
  });
});
