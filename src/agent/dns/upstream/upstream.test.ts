import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import * as packet from 'dns-packet';
import { parseQuery } from '../message.ts';
import type { Query } from '../message.ts';
import { framed } from '../server.ts';
import { createUpstream } from './upstream.ts';

const queryFor = (name: string): Query => {
  const parsed = parseQuery(packet.encode({ type: 'query', id: 7, questions: [{ type: 'A', name }] }), 'udp');
  assert.equal(parsed.kind, 'query');
  return parsed.query;
};

type Say = (asked: packet.DecodedPacket, transport: 'udp' | 'tcp') => readonly packet.Packet[];

/** Resolvers on the loopback, by address; what each says, and what it was asked. */
async function resolvers(says: Readonly<Record<string, Say>>) {
  const parts = new AsyncDisposableStack();
  const asked: string[] = [];
  let port = 0;
  for (const [address, say] of Object.entries(says)) {
    const answers = (message: Buffer, transport: 'udp' | 'tcp'): readonly Buffer[] => {
      const question = packet.decode(message);
      asked.push(`${transport} ${address}`);
      return say(question, transport).map((answer) =>
        packet.encode({
          id: question.id ?? 0,
          type: 'response',
          ...(question.questions && { questions: question.questions }),
          ...answer,
        }),
      );
    };
    const tcp = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        for (const answer of answers(chunk.subarray(2), 'tcp')) socket.write(framed(answer));
      });
    });
    tcp.listen(port, address);
    await once(tcp, 'listening');
    port = (tcp.address() as AddressInfo).port;
    const udp = createSocket('udp4');
    udp.bind(port, address);
    await once(udp, 'listening');
    udp.on('message', (message, { address: client, port: clientPort }) => {
      for (const answer of answers(message, 'udp')) udp.send(answer, clientPort, client);
    });
    parts.defer(() => void udp.close());
    parts.defer(() => void tcp.close());
  }
  let now = 0;
  const upstream = createUpstream({ clock: { monotonic: () => now }, port });
  const ask = async (name: string, servers: readonly string[] = Object.keys(says)) => {
    const found = await upstream.ask(queryFor(name), servers, new AbortController().signal);
    return found && (packet.decode(found) as packet.DecodedPacket & { readonly rcode: string });
  };
  return { parts, asked, ask, pass: (ms: number) => void (now += ms) };
}

const a = (data: string): packet.Answer => ({ type: 'A', name: 'a.example', ttl: 60, data });
const addresses = (found: packet.DecodedPacket | undefined) =>
  found?.answers?.map((record) => record.type === 'A' && record.data);

suite('other resolvers', () => {
  test('are asked in turn; one that has trouble or is silent gives way, and a silent one is asked last for a while', async () => {
    const { parts, asked, ask, pass } = await resolvers({
      '127.0.1.1': () => [],
      '127.0.1.2': () => [{ flags: 5 }],
      '127.0.1.3': () => [{ answers: [a('192.0.2.3')] }],
    });
    await using _ = parts;
    assert.deepEqual(addresses(await ask('a.example')), ['192.0.2.3']);
    assert.deepEqual(asked, ['udp 127.0.1.1', 'udp 127.0.1.2', 'udp 127.0.1.3']);
    asked.length = 0;
    await ask('a.example');
    assert.deepEqual(asked, ['udp 127.0.1.2', 'udp 127.0.1.3']);
    asked.length = 0;
    pass(11_000);
    await ask('a.example', ['127.0.1.3', '127.0.1.1']);
    assert.deepEqual(asked, ['udp 127.0.1.3']);
    assert.equal((await ask('a.example', ['127.0.1.2']))?.rcode, 'REFUSED');
    assert.equal(await ask('a.example', []), undefined);
  });

  test('are asked over TCP where an answer does not fit, and without EDNS where they do not know it', async () => {
    const { parts, asked, ask } = await resolvers({
      '127.0.1.4': ({ additionals = [] }, transport) => {
        if (additionals.length > 0 && transport === 'udp') return [{ flags: 1 }];
        return transport === 'udp'
          ? [{ flags: packet.TRUNCATED_RESPONSE }]
          : [{ answers: [a('192.0.2.4'), a('192.0.2.5')] }];
      },
    });
    await using _ = parts;
    assert.deepEqual(addresses(await ask('a.example')), ['192.0.2.4', '192.0.2.5']);
    assert.deepEqual(asked, ['udp 127.0.1.4', 'udp 127.0.1.4', 'tcp 127.0.1.4']);
  });

  test('are believed only in what they were asked', async () => {
    const other = [{ type: 'A' as const, name: 'evil.example' }];
    const { parts, ask } = await resolvers({
      '127.0.1.5': ({ id = 0 }) => [
        { id: (id + 1) & 0xffff, answers: [a('192.0.2.66')] },
        { questions: other, answers: [a('192.0.2.66')] },
        { type: 'query', answers: [a('192.0.2.66')] },
        { answers: [a('192.0.2.5')] },
      ],
    });
    await using _ = parts;
    assert.deepEqual(addresses(await ask('A.example')), ['192.0.2.5']);
  });
});
