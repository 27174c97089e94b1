import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { aNetwork, aSelf, anEndpoint, setOf } from '../../../../test/support/assignments.ts';
import { until } from '../../../../test/support/until.ts';
import { TuttiError } from '../../../model/errors.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import type { Assignments } from '../../network/endpoints.ts';
import { createResolverLink } from './link.ts';
import { rowKey } from '../row.ts';
import type { Row } from '../row.ts';
import { createDnsService } from '../service.ts';

const gateway = '10.128.0.1';
const web = (address: string, changes: object = {}) => setOf(aSelf(), aNetwork(), anEndpoint({ address, ...changes }));

/** A place for a resolver that can be started and killed, and for agents that tell it things. */
async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-resolver-'));
  const path = join(directory, 'resolver.sock');
  const parts = new AsyncDisposableStack();
  parts.defer(async () => await rm(directory, { recursive: true }));
  /** Each table that took effect. */
  const tables: ReadonlyMap<string, Row>[] = [];
  const listens: string[] = [];
  const refused = new Map<string, TuttiError>();

  const startResolver = async () => {
    const sockets = new Set<Socket>();
    const service = createDnsService({
      dns: {
        size: () => tables.at(-1)?.size ?? 0,
        change: ({ whole, put, remove }) => {
          const next = new Map(whole ? [] : tables.at(-1));
          for (const key of remove) next.delete(key);
          for (const row of put) next.set(rowKey(row), row);
          tables.push(next);
        },
        listen: async (address) => {
          listens.push(address);
          const fault = refused.get(address);
          if (fault !== undefined) throw fault;
          return await Promise.resolve();
        },
      },
      log: silentLog,
    });
    const server = createServer((socket) => {
      sockets.add(socket);
      service.accept(socket);
    });
    server.listen(path);
    await once(server, 'listening');
    const kill = async (): Promise<void> => {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    };
    parts.defer(kill);
    return { kill };
  };
  const startAgent = (clock: Parameters<typeof createResolverLink>[0]['clock'] = systemClock) =>
    parts.use(createResolverLink({ path, clock, log: silentLog }));
  const table = () => [...(tables.at(-1)?.keys() ?? [])];
  const address = () => {
    const row = tables.at(-1)?.get('endpoint:front0000/task1');
    return row?.kind === 'endpoint' ? row.address : undefined;
  };
  const becomes = async (wanted: string | undefined): Promise<void> =>
    void (await until(
      'the table',
      () => Promise.resolve(address()),
      (now) => now === wanted,
    ));
  return { path, tables, table, address, becomes, listens, refused, startResolver, startAgent, parts };
}

const tell = (agent: ReturnType<typeof createResolverLink>, assignments: Assignments) =>
  agent.update(assignments, new Map());

suite('agent and resolver', () => {
  test('the resolver is told the whole at first, then what changed; a burst is one change', async () => {
    const { parts, startResolver, startAgent, tables, table, address } = await setUp();
    await using _ = parts;
    await startResolver();
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    await agent.settled();
    assert.deepEqual(table(), ['network:front0000', 'endpoint:front0000/task1']);
    const before = tables.length;
    for (let last = 11; last < 100; last += 1) tell(agent, web(`10.128.0.${last}`));
    await agent.settled();
    assert.equal(address(), '10.128.0.99');
    assert.equal(tables.length, before + 1);
    tell(agent, setOf(aSelf(), aNetwork()));
    await agent.settled();
    assert.deepEqual(table(), ['network:front0000']);
  });

  test('what was told is waited for, and not what is told later', async () => {
    const { parts, startResolver, startAgent, address } = await setUp();
    await using _ = parts;
    await startResolver();
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    await agent.settled();
    tell(agent, web('10.128.0.11'));
    const first = agent.settled();
    let last = 20;
    const tellMore = () => tell(agent, web(`10.128.0.${(last += 1) % 200}`));
    const busy = setInterval(tellMore, 0);
    tellMore();
    await first;
    clearInterval(busy);
    assert.notEqual(address(), '10.128.0.10');
    await agent.settled();
    assert.equal(address(), `10.128.0.${last % 200}`);
  });

  test('a new agent says nothing until it knows enough: the old table stays, then goes in one step', async () => {
    const { parts, startResolver, startAgent, tables, address, table } = await setUp();
    await using _ = parts;
    await startResolver();
    const first = startAgent();
    tell(first, web('10.128.0.10'));
    await first.settled();
    await first[Symbol.asyncDispose]();
    const told = tables.length;

    const second = startAgent();
    tell(second, new Map());
    tell(second, web('10.128.0.20', { ready: false }));
    // Answered, so the resolver has heard everything that was said before.
    await second.listen(gateway);
    assert.deepEqual([tables.length, address()], [told, '10.128.0.10']);
    tell(second, web('10.128.0.30'));
    second.release();
    await second.settled();
    assert.deepEqual([tables.length, address()], [told + 1, '10.128.0.30']);
    assert.deepEqual(table(), ['network:front0000', 'endpoint:front0000/task1']);
  });

  test('a resolver that was started anew is told everything again, gateways too', async () => {
    const { parts, startResolver, startAgent, becomes, listens, tables } = await setUp();
    await using _ = parts;
    const resolver = await startResolver();
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    await agent.listen(gateway);
    await agent.listen(gateway);
    assert.deepEqual(listens, [gateway]);
    await resolver.kill();
    tables.length = 0;
    await startResolver();
    await becomes('10.128.0.10');
    await until(
      'the gateway',
      () => Promise.resolve(listens.length),
      (count) => count === 2,
    );
  });

  test('an agent that comes before its resolver waits for it, with the gateways that are wanted still', async () => {
    const { parts, startResolver, startAgent, becomes, listens } = await setUp();
    await using _ = parts;
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    const listening = agent.listen(gateway);
    await assert.rejects(once(connect(join(tmpdir(), 'nobody.sock')), 'connect'));
    await startResolver();
    await listening;
    await becomes('10.128.0.10');
    assert.deepEqual(listens, [gateway]);
    tell(agent, setOf(aSelf()));
    await agent.settled();
    tell(agent, web('10.128.0.11'));
    await agent.listen(gateway);
    assert.deepEqual(listens, [gateway, gateway], 'a gateway that was gone is asked for again');
  });

  test('why a gateway cannot be listened on comes back as it is', async () => {
    const { parts, startResolver, startAgent, refused } = await setUp();
    await using _ = parts;
    await startResolver();
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    refused.set(gateway, new TuttiError('conflict', 'port 53 is taken'));
    await assert.rejects(agent.listen(gateway), { code: 'conflict', message: 'port 53 is taken' });
    refused.clear();
    await agent.listen(gateway);
  });

  test('without a resolver a gateway is refused after a while', async () => {
    const { parts, startAgent } = await setUp();
    await using _ = parts;
    const agent = startAgent({ ...systemClock, after: (ms, call) => systemClock.after(ms / 100, call) });
    tell(agent, web('10.128.0.10'));
    await assert.rejects(agent.listen(gateway), { code: 'unavailable' });
  });

  test('who talks nonsense is hung up on, and changes nothing', async () => {
    const { parts, path, startResolver, startAgent, tables, address } = await setUp();
    await using _ = parts;
    await startResolver();
    const agent = startAgent();
    tell(agent, web('10.128.0.10'));
    await agent.settled();
    await agent[Symbol.asyncDispose]();
    const told = tables.length;
    const part = { kind: 'change', sequence: 1, whole: true, put: [], remove: [], last: false };
    for (const said of [
      'x\n',
      'x'.repeat(2_000_000),
      // An incremental change before a whole one.
      `${JSON.stringify({ ...part, whole: false, last: true })}\n`,
      // Two changes in one another.
      `${JSON.stringify(part)}\n${JSON.stringify({ ...part, sequence: 2, last: true })}\n`,
    ]) {
      const socket = connect(path);
      socket.on('error', () => undefined);
      socket.resume();
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.write(said);
      await closed;
    }
    // Half a change of one who is gone counts for nothing.
    const half = connect(path);
    await once(half, 'data');
    half.write(`${JSON.stringify(part)}\n`);
    half.end();
    await once(half.resume(), 'close');
    assert.deepEqual([tables.length, address()], [told, '10.128.0.10']);
  });

  test('one agent counts: the newest', async () => {
    const { parts, path, startResolver } = await setUp();
    await using _ = parts;
    await startResolver();
    const older = connect(path);
    await once(older, 'data');
    const newer = connect(path);
    await Promise.all([once(older, 'close'), once(newer, 'data')]);
    newer.destroy();
  });
});
