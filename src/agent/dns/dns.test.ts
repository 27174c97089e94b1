import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import * as packet from 'dns-packet';
import { aNetwork, aSelf, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import { wholeOf } from '../../../test/support/rows.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Log } from '../../platform/ports.ts';
import { createDns } from './dns.ts';
import type { Dns } from './dns.ts';
import { framed } from './server.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

/** A port that is free for UDP and TCP at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A resolver of names on the loopback: this machine is a task of the network 127.0.0.0/24. */
async function start(options: { upstreamPort?: number; nameservers?: readonly string[] } = {}) {
  const port = await freePort();
  const { nameservers = [], ...rest } = options;
  const dns = createDns({ clock: systemClock, log, port, nameservers: () => nameservers, ...rest });
  const network = aNetwork({ subnet: '127.0.0.0/24', gateway: '127.0.0.1' });
  const many = Array.from({ length: 200 }, (_, index) =>
    anEndpoint({
      id: `front0000/t${index}`,
      taskId: `t${index}`,
      address: `127.0.0.${index + 2}`,
      names: ['many'],
      taskNames: [],
    }),
  );
  dns.change(wholeOf(setOf(aSelf(), network, anEndpoint({ address: '127.0.0.1' }), ...many)));
  await dns.listen('127.0.0.1');
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return { dns, port, resolver };
}

const code = async (asked: Promise<unknown>): Promise<string> =>
  await asked.then(
    () => 'an answer',
    (error: NodeJS.ErrnoException) => error.code ?? String(error),
  );

suite('the resolver', () => {
  test('answers over UDP, and over TCP what is too long for it', async () => {
    const { dns, resolver } = await start();
    await using _: Dns = dns;
    assert.deepEqual(await resolver.resolve4('web'), ['127.0.0.1']);
    assert.equal((await resolver.resolve4('many')).length, 200);
    assert.deepEqual(await resolver.resolvePtr('1.0.0.127.in-addr.arpa'), ['web.1.task1.front']);
    assert.equal(await code(resolver.resolve6('web')), 'ENODATA');
    assert.equal(await code(resolver.resolve4('nothing')), 'ENOTFOUND');
  });

  test('changes take effect with the next question', async () => {
    const { dns, resolver } = await start();
    await using _: Dns = dns;
    const network = aNetwork({ subnet: '127.0.0.0/24', gateway: '127.0.0.1' });
    dns.change(wholeOf(setOf(aSelf(), network, anEndpoint({ address: '127.0.0.9' }))));
    assert.deepEqual(await resolver.resolve4('web'), ['127.0.0.9']);
  });

  test('asks others what it does not know, once while the answer lives', async () => {
    const upstream = createSocket('udp4');
    await new Promise<void>((resolve) => upstream.bind(0, '127.0.0.2', resolve));
    let asked = 0;
    upstream.on('message', (message, { port, address }) => {
      asked += 1;
      const { id, questions = [] } = packet.decode(message);
      const name = questions[0]?.name ?? '';
      const answers: packet.Answer[] = name.startsWith('no.') ? [] : [{ type: 'A', name, ttl: 60, data: '192.0.2.7' }];
      const flags = name.startsWith('no.') ? 3 : 0;
      upstream.send(packet.encode({ id: id ?? 0, type: 'response', flags, questions, answers }), port, address);
    });
    const { dns, resolver } = await start({ upstreamPort: upstream.address().port, nameservers: ['127.0.0.2'] });
    try {
      assert.deepEqual(await resolver.resolve4('example.org'), ['192.0.2.7']);
      assert.deepEqual(await resolver.resolve4('Example.org'), ['192.0.2.7']);
      assert.equal(asked, 1);
      assert.equal(await code(resolver.resolve4('no.example.org')), 'ENOTFOUND');
    } finally {
      await dns[Symbol.asyncDispose]();
      upstream.close();
    }
  });

  test('answers many questions of one connection, whatever pieces they come in, and hangs up on more than it has room for', async () => {
    const { dns, port } = await start();
    await using _: Dns = dns;
    const question = (id: number): Buffer =>
      packet.encode({ type: 'query', id, questions: [{ type: 'A', name: id % 2 === 0 ? 'web' : 'nothing' }] });
    const sent = Buffer.concat(Array.from({ length: 50 }, (_, id) => framed(question(id))));
    const socket = connect(port, '127.0.0.1');
    socket.write(sent.subarray(0, 33));
    await once(socket, 'connect');
    socket.write(sent.subarray(33));
    const ids: number[] = [];
    let buffered = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      buffered = Buffer.concat([buffered, chunk]);
      for (; buffered.length > 2 && buffered.length >= buffered.readUInt16BE(0) + 2; ) {
        ids.push(buffered.readUInt16BE(2));
        buffered = buffered.subarray(buffered.readUInt16BE(0) + 2);
      }
      if (ids.length === 50) break;
    }
    assert.deepEqual(
      ids,
      Array.from({ length: 50 }, (_, id) => id),
    );
    const many = Array.from({ length: 33 }, () => connect(port, '127.0.0.1'));
    for (const one of many) one.on('error', () => undefined);
    await Promise.race(many.map(async (one) => await new Promise((resolve) => one.once('close', resolve))));
    for (const one of many) one.destroy();
  });

  test('keeps the case of a question, and gives the next address first', async () => {
    const { dns, port } = await start();
    await using _: Dns = dns;
    const socket = createSocket('udp4');
    try {
      await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
      const first = new Set<unknown>();
      for (let id = 1; id <= 4; id += 1) {
        socket.send(packet.encode({ type: 'query', id, questions: [{ type: 'A', name: 'MaNy' }] }));
        const [message] = (await once(socket, 'message')) as [Buffer];
        const found = packet.decode(message);
        assert.deepEqual([found.id, found.questions?.[0]?.name, found.flag_tc], [id, 'MaNy', true]);
        const [record] = found.answers ?? [];
        first.add(record?.type === 'A' && record.data);
      }
      assert.equal(first.size, 4);
    } finally {
      socket.close();
    }
  });

  test('says so at once when there is nobody to ask, or nobody answers', async () => {
    const { dns, resolver } = await start();
    await using _: Dns = dns;
    assert.equal(await code(resolver.resolve4('example.org')), 'ESERVFAIL');
    const deaf = await start({ nameservers: ['127.0.0.3'], upstreamPort: 1 });
    await using __: Dns = deaf.dns;
    assert.equal(await code(deaf.resolver.resolve4('example.org')), 'ESERVFAIL');
  });

  test('says which address is taken', async () => {
    const { dns, port } = await start();
    await using _: Dns = dns;
    const other = createDns({ clock: systemClock, log, port, nameservers: () => [] });
    await assert.rejects(other.listen('127.0.0.1'), new RegExp(`port ${port} of 127.0.0.1 is taken`));
  });

  test('listens again after it was there before, and stops with the network', async () => {
    const { dns, resolver } = await start();
    await using _: Dns = dns;
    await dns.listen('127.0.0.1');
    dns.change(wholeOf(setOf(aSelf())));
    assert.notEqual(await code(resolver.resolve4('web')), 'an answer');
  });
});
