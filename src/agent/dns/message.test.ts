import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as packet from 'dns-packet';
import fc from 'fast-check';
import { encodeOutcome as encode, parseQuery } from './message.ts';
import type { Query } from './message.ts';
import { pointerChain } from './testing/chain.ts';

/** The types of dns-packet leave `rcode` out. */
const decode = (message: Buffer) => packet.decode(message) as packet.DecodedPacket & { readonly rcode: string };
const question = (name: string, extra: Partial<packet.Packet> = {}): Buffer =>
  packet.encode({ type: 'query', id: 7, flags: packet.RECURSION_DESIRED, questions: [{ type: 'A', name }], ...extra });
const query = (message: Buffer, transport: 'udp' | 'tcp' = 'udp'): Query => {
  const parsed = parseQuery(message, transport);
  assert.equal(parsed.kind, 'query');
  return (parsed as { query: Query }).query;
};
const encodeOutcome = (...asked: Parameters<typeof encode>): Buffer => encode(...asked).message;
const many = Array.from({ length: 1000 }, (_, i) => `10.128.${i >> 8}.${i & 255}`);
const edns = (size: number): packet.OptAnswer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: size,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});

suite('messages', () => {
  test('addresses, as any resolver reads them, with the name as it was spelled', () => {
    const found = decode(
      encodeOutcome(query(question('Web')), { kind: 'addresses', addresses: ['10.0.0.1', '10.0.0.2'], virtual: false }),
    );
    assert.equal(found.id, 7);
    assert.equal(found.rcode, 'NOERROR');
    assert.equal(found.questions?.[0]?.name, 'Web');
    assert.deepEqual(
      found.answers?.map((record) => record.type === 'A' && [record.name, record.data, record.ttl]),
      [
        ['Web', '10.0.0.1', 1],
        ['Web', '10.0.0.2', 1],
      ],
    );
  });

  test('what does not fit is left out and marked, but over TCP it all fits', () => {
    const cut = encodeOutcome(query(question('web')), { kind: 'addresses', addresses: many, virtual: false });
    assert.ok(cut.length <= 512);
    assert.equal(decode(cut).flag_tc, true);
    assert.equal(decode(cut).answers?.length, 30);
    const wide = encodeOutcome(query(question('web', { additionals: [edns(4096)] })), {
      kind: 'addresses',
      addresses: many,
      virtual: true,
    });
    assert.ok(wide.length <= 1232 && wide.length > 1200);
    const whole = decode(
      encodeOutcome(query(question('web'), 'tcp'), { kind: 'addresses', addresses: many, virtual: false }),
    );
    assert.equal(whole.flag_tc, false);
    assert.equal(whole.answers?.length, 1000);
  });

  test('names, nothing, unknown, refused', () => {
    const asked = query(
      question('5.0.128.10.in-addr.arpa', { questions: [{ type: 'PTR', name: '5.0.128.10.in-addr.arpa' }] }),
    );
    const named = decode(encodeOutcome(asked, { kind: 'name', name: 'web.1.front' }));
    assert.deepEqual(
      named.answers?.map((record) => record.type === 'PTR' && record.data),
      ['web.1.front'],
    );
    for (const [kind, code] of [
      ['empty', 'NOERROR'],
      ['unknown', 'NXDOMAIN'],
      ['refused', 'REFUSED'],
    ] as const) {
      const found = decode(encodeOutcome(asked, { kind }));
      assert.deepEqual([found.rcode, found.answers], [code, []]);
    }
  });

  test('no question, two questions, another opcode and answers get what is due to them', () => {
    const coded = (message: Buffer): string | undefined => {
      const parsed = parseQuery(message, 'udp');
      return parsed.kind === 'reply' ? decode(parsed.reply).rcode : parsed.kind;
    };
    assert.equal(coded(question('a', { questions: [] })), 'FORMERR');
    assert.equal(
      coded(
        question('a', {
          questions: [
            { type: 'A', name: 'a' },
            { type: 'A', name: 'b' },
          ],
        }),
      ),
      'FORMERR',
    );
    assert.equal(
      coded(packet.encode({ type: 'query', id: 1, flags: 4 << 11, questions: [{ type: 'A', name: 'a' }] })),
      'NOTIMP',
    );
    assert.equal(coded(packet.encode({ type: 'response', id: 1, questions: [{ type: 'A', name: 'a' }] })), 'ignore');
    assert.equal(coded(Buffer.alloc(5)), 'ignore');
  });

  test('no message makes it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const parsed = parseQuery(Buffer.from(bytes), 'udp');
        if (parsed.kind === 'query')
          encodeOutcome(parsed.query, { kind: 'addresses', addresses: many, virtual: false });
      }),
    );
    const whole = question('web.example', { additionals: [edns(1232)] });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bent = Buffer.from(whole);
        bent[at] = value;
        const parsed = parseQuery(bent, 'udp');
        if (parsed.kind === 'query')
          encodeOutcome(parsed.query, { kind: 'addresses', addresses: many, virtual: false });
      }),
    );
  });

  test('a chain of pointers that every record leads to is not followed: it would take a quarter of a second', () => {
    const message = pointerChain('a');
    const before = process.cpuUsage();
    for (let i = 0; i < 10; i += 1) assert.equal(query(message).question.name, 'a');
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  });

  test('questions of another class are refused, with the question', () => {
    const chaos = question('version.bind');
    chaos.writeUInt16BE(3, chaos.length - 2);
    const parsed = parseQuery(chaos, 'udp');
    assert.equal(parsed.kind, 'reply');
    const found = decode(parsed.reply);
    assert.deepEqual(
      [found.rcode, found.questions?.[0]?.name, found.questions?.[0]?.class],
      ['REFUSED', 'version.bind', 'CH'],
    );
  });

  test('types and names are read as others write them', () => {
    const asked = (type: packet.RecordType, name: string) =>
      query(question('', { questions: [{ type, name }] })).question;
    assert.deepEqual(asked('AAAA', 'Täglich.Web'), { name: 'täglich.web', type: 'AAAA' });
    assert.deepEqual(asked('PTR', '.'), { name: '', type: 'PTR' });
    assert.deepEqual(asked('TXT', 'a'), { name: 'a', type: 'TYPE16' });
    const long = question(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`);
    assert.equal(query(long).question.name.length, 253);
  });

  test('addresses of both families, and the next one first with the next turn', () => {
    const outcome = { kind: 'addresses', addresses: ['10.0.0.1', 'fd00::1', '10.0.0.2'], virtual: true } as const;
    const data = (turn: number) =>
      decode(encodeOutcome(query(question('web')), outcome, turn)).answers?.map((each) => [
        each.type,
        'data' in each && each.data,
        'ttl' in each && each.ttl,
      ]);
    const [one, two, three] = [
      ['A', '10.0.0.1', 5],
      ['AAAA', 'fd00::1', 5],
      ['A', '10.0.0.2', 5],
    ];
    assert.deepEqual(data(0), [one, two, three]);
    assert.deepEqual(data(4), [two, three, one]);
  });

  test('ports, with the addresses of whoever has them beside, as far as there is room', () => {
    const services = Array.from({ length: 40 }, (_, i) => ({
      name: `web.${i}.front`,
      port: 80,
      addresses: [`10.0.0.${i}`],
    }));
    const asked = { questions: [{ type: 'SRV' as const, name: '_80._tcp.web' }] };
    const found = decode(
      encodeOutcome(query(question('', asked)), { kind: 'services', services: services.slice(0, 2) }),
    );
    assert.deepEqual(
      found.answers?.map((each) => each.type === 'SRV' && [each.data.target, each.data.port]),
      [
        ['web.0.front', 80],
        ['web.1.front', 80],
      ],
    );
    assert.deepEqual(
      found.additionals?.map((each) => each.type === 'A' && [each.name, each.data]),
      [
        ['web.0.front', '10.0.0.0'],
        ['web.1.front', '10.0.0.1'],
      ],
    );
    const cut = decode(encodeOutcome(query(question('', asked)), { kind: 'services', services }));
    assert.deepEqual([cut.flag_tc, cut.additionals], [true, []]);
    const tight = decode(
      encodeOutcome(query(question('', asked)), { kind: 'services', services: services.slice(0, 12) }),
    );
    assert.equal(tight.flag_tc, false);
    assert.equal(tight.answers?.length, 12);
    assert.ok((tight.additionals?.length ?? 99) < 12);
  });

  test('a no says for how long: for the name where there is one, else for what is above it', () => {
    const authority = (name: string, kind: 'empty' | 'unknown') => {
      const found = decode(encodeOutcome(query(question(name)), { kind }));
      return [
        found.rcode,
        ...(found.authorities ?? []).map((each) => each.type === 'SOA' && [each.name, each.ttl, each.data.minimum]),
      ];
    };
    assert.deepEqual(authority('Web.front', 'empty'), ['NOERROR', ['Web.front', 1, 1]]);
    assert.deepEqual(authority('no.front', 'unknown'), ['NXDOMAIN', ['front', 1, 1]]);
    assert.deepEqual(authority('nothing', 'unknown'), ['NXDOMAIN', ['.', 1, 1]]);
  });

  test('whoever speaks EDNS is answered with it; another version of it is named', () => {
    const asked = query(question('web', { additionals: [edns(4096)] }));
    const option = decode(encodeOutcome(asked, { kind: 'empty' })).additionals?.[0];
    assert.deepEqual(option?.type === 'OPT' && [option.udpPayloadSize, option.ednsVersion], [1232, 0]);
    assert.deepEqual(decode(encodeOutcome(query(question('web')), { kind: 'empty' })).additionals, []);
    const newer = question('web', { additionals: [{ ...edns(4096), ednsVersion: 1 }] });
    const parsed = parseQuery(newer, 'udp');
    assert.equal(parsed.kind, 'reply');
    const found = decode(parsed.reply).additionals?.[0];
    assert.equal(found?.type === 'OPT' && found.extendedRcode, 1);
  });
});
