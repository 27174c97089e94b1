import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.ts';
import { capture } from './network/capture.ts';
import { startTask, stopTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { frameSender, tcp } from './network/frames.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';
import { lineProcess } from './network/lines.ts';
import type { LineProcess } from './network/lines.ts';
import type { Heard, Opened, StreamCommand } from './network/streams.ts';

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 0, ingress: true };
const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1 };
const client = '10.128.1.10';
const port = 90;
/** Services' own addresses. */
const red = '10.128.1.100';
const blue = '10.128.1.101';
const mixed = '10.128.1.102';
/** Of the only task of `red`, on the other node. */
const redTask = '10.128.1.20';
/** Of the only task of `blue`, there as well: where its published port leads. */
const bluePublished = '10.128.0.21';
const plenty = 8 << 20;
/** What of that may take the long way: what was under way when what is known was learnt anew. */
const handful = plenty / 16;

const streams = fileURLToPath(new URL('network/streams.ts', import.meta.url));

interface Tracked {
  readonly is: string;
  readonly seconds: number;
}

/** node1: asker and burglar, who open connections; node2: the tasks of three services. */
suite('known connections between nodes', { timeout: 180_000 }, () => {
  let lab: Lab;
  let one: LabNode;
  let two: LabNode;
  let state: LabState;
  const held = new Map<string, LineProcess>();

  before(async () => {
    lab = await startLab('netflows', 2);
    [one, two] = lab.nodes as unknown as [LabNode, LabNode];
    const task = (id: string, service: string, node: LabNode, address: string): LabTask => ({
      id,
      service,
      node,
      addresses: { [front.id]: address },
    });
    state = {
      networks: [ingress, front],
      tasks: [
        task('asker', 'asker', one, client),
        task('burglar', 'burglar', one, '10.128.1.11'),
        task('red', 'red', two, redTask),
        {
          id: 'blue',
          service: 'blue',
          node: two,
          addresses: { [front.id]: '10.128.1.21', [ingress.id]: bluePublished },
        },
        task('mixed1', 'mixed', two, '10.128.1.22'),
        task('mixed2', 'mixed', two, '10.128.1.23'),
      ],
      vips: [
        { service: 'red', network: front.id, address: red },
        { service: 'blue', network: front.id, address: blue },
        { service: 'mixed', network: front.id, address: mixed },
      ],
      publishes: [{ protocol: 'tcp', published: port, target: port, service: 'blue', network: ingress.id }],
    };
    await tellAll(lab.nodes, state);
    await Promise.all(
      lab.nodes.map(async (node) => {
        for (const each of state.tasks.filter((given) => given.node === node)) {
          await startTask(each);
          const argv = ['nsenter', '-t', await pidOf(each), '-n', process.execPath, streams, each.id, String(port)];
          held.set(each.id, lineProcess(node.inside(...argv)));
        }
        await node.run('nft', longWay);
      }),
    );
    held.set('outside', lineProcess([process.execPath, streams, 'outside', '0']));
  });
  after(async () => {
    for (const process of held.values()) await process.kill();
    await lab[Symbol.asyncDispose]();
  });

  const pidOf = async ({ node, id }: LabTask): Promise<string> =>
    await node.docker('inspect', '-f', '{{.State.Pid}}', id);
  const taskOf = (id: string): LabTask => state.tasks.find((task) => task.id === id) ?? assert.fail(id);
  const tell = async (who: string, command: StreamCommand): Promise<unknown> => await held.get(who)?.tell({ command });
  const open = async (host: string, from = 0, who = 'asker'): Promise<Opened> =>
    (await tell(who, { do: 'open', host, port, from })) as Opened;
  const heard = async (who: string, key: number, afresh = false): Promise<Heard> =>
    (await tell(who, { do: 'heard', key, afresh })) as Heard;
  const closed = async (who: string, key: number): Promise<string> =>
    (
      await until(
        `${who} to hear the end`,
        async () => await heard(who, key),
        (now) => now.state !== 'open' && now.state !== 'ended',
        { deadlineMs: 5_000 },
      )
    ).state;

  /** Sends from one end to the other, and sees that it is all there, and right. */
  const send = async (from: string, to: string, key: number, bytes: number): Promise<void> => {
    await heard(to, key, true);
    const hash = await tell(from, { do: 'send', key, bytes });
    const all = await until(
      `${bytes} bytes from ${from} to ${to}`,
      async () => await heard(to, key),
      (now) => now.bytes >= bytes || now.state !== 'open',
      { deadlineMs: 15_000 },
    );
    assert.deepEqual([all.bytes, all.hash, all.state], [bytes, hash, 'open'], `${from} to ${to}`);
  };
  const exchange = async (to: string, key: number, bytes = 1_000, from = 'asker'): Promise<void> => {
    await send(from, to, key, bytes);
    await send(to, from, key, bytes);
  };

  const mapOf = async (node: LabNode, name: string): Promise<string> =>
    await node.run('nft', 'list', 'map', 'netdev', 'tutti_flows', name);
  /** Whether the client's packets take the short way out of its node. */
  const isSentShort = async (key: number, host: string, from = client): Promise<boolean> => {
    const asked = host === redTask ? [from, key, host, port] : [from, key, '\\d+', port];
    return new RegExp(`\\b${asked.join(' \\. ')}\\b`).test(await mapOf(one, host === redTask ? 'flows' : 'targets'));
  };
  /** Whether those of both ends take it, on both nodes. */
  const isKnown = async (key: number, host: string, from = client): Promise<boolean> => {
    const back = new RegExp(` \\. ${port} \\. ${from} \\. ${key}\\b`);
    const isBack = back.test(await mapOf(two, 'flows')) && (host === redTask || back.test(await mapOf(one, 'fronts')));
    return isBack && (await isSentShort(key, host, from));
  };
  const becomesKnown = async (to: string, key: number, host: string, from = 'asker'): Promise<void> => {
    const address = taskOf(from).addresses[front.id];
    await until(
      `the connection from ${from} to ${host} to be known`,
      async () => {
        await exchange(to, key, 100, from);
        return await isKnown(key, host, address);
      },
      (is) => is,
      { deadlineMs: 10_000 },
    );
  };
  const openKnown = async (host: string, who = 'red', from = 'asker'): Promise<number> => {
    const opened = await open(host, 0, from);
    assert.equal(opened.who, who);
    await becomesKnown(who, opened.key, host, from);
    return opened.key;
  };

  /** Bytes that were forwarded by the IP stack, on each node. */
  const forwarded = async (): Promise<readonly number[]> =>
    await Promise.all(
      lab.nodes.map(async (node) => {
        const text = await node.run('nft', 'list', 'counter', 'ip', 'watch', 'long');
        return Number(/bytes (\d+)/.exec(text)?.[1]);
      }),
    );
  const forwardedBy = async (work: () => Promise<void>): Promise<readonly number[]> => {
    const first = await forwarded();
    await work();
    const last = await forwarded();
    return last.map((bytes, index) => bytes - (first[index] ?? 0));
  };
  const isShort = (grown: readonly number[]): void =>
    assert.ok(
      grown.every((bytes) => bytes < handful),
      `forwarded: ${grown.join()}`,
    );

  /** Conntrack's states of the client's connection by the port, and the seconds for which it keeps them, on each node. */
  const tracked = async (key: number): Promise<readonly (readonly Tracked[])[]> =>
    await Promise.all(
      lab.nodes.map(async (node) => {
        const text = await node.run('conntrack', '-L', '-p', 'tcp', '--orig-port-src', String(key));
        return [...text.matchAll(/^tcp +\d+ (\d+) (\w+)/gm)].map(([, seconds, is = '']) => ({
          is,
          seconds: Number(seconds),
        }));
      }),
    );
  const isOver = async (key: number, what: string): Promise<unknown> =>
    await until(
      what,
      async () => await tracked(key),
      // What it has not seen all of it forgets soon: after a reset in 10 s, without the last acknowledgement in 30 s.
      (ends) => ends.flat().every(({ is, seconds }) => is === 'TIME_WAIT' || seconds <= 30),
      { deadlineMs: 5_000 },
    );

  for (const [what, host] of [
    ["a task's address", redTask],
    ['a virtual address', red],
  ] as const) {
    test(`a connection to ${what} is forwarded no more once it is known, and its data is right`, async () => {
      const key = await openKnown(host);
      isShort(await forwardedBy(async () => await exchange('red', key, plenty)));
      await tell('asker', { do: 'reset', key });
    });

    test(`a known connection to ${what} goes on without the table, and is known again with it`, async () => {
      const key = await openKnown(host);
      const wipe = async (): Promise<void> => {
        for (const node of lab.nodes) await node.run('nft', 'delete', 'table', 'netdev', 'tutti_flows');
      };
      for (const node of lab.nodes) await node.killAgent();
      await wipe();
      const long = await forwardedBy(async () => await exchange('red', key, plenty));
      assert.ok(
        long.every((bytes) => bytes > 2 * plenty),
        `forwarded: ${long.join()}`,
      );
      for (const node of lab.nodes) node.startAgent();
      for (const node of lab.nodes) await node.tell({ do: 'known' });
      await tellAll(lab.nodes, state);
      await becomesKnown('red', key, host);
      isShort(await forwardedBy(async () => await exchange('red', key, plenty)));
      // With the agent there it is found missing.
      await wipe();
      await exchange('red', key);
      for (const node of lab.nodes) await node.tell({ do: 'check' });
      await becomesKnown('red', key, host);
      isShort(await forwardedBy(async () => await exchange('red', key, plenty)));
      await tell('asker', { do: 'reset', key });
    });

    test(`the end of a known connection to ${what} is seen by conntrack, also far on`, async () => {
      for (const bytes of [1_000, plenty]) {
        for (const [how, first, second] of [
          ['end', 'asker', 'red'],
          ['end', 'red', 'asker'],
          ['reset', 'asker', 'red'],
          ['reset', 'red', 'asker'],
        ] as const) {
          const key = await openKnown(host);
          await exchange('red', key, bytes);
          for (const [end, ...others] of await tracked(key)) {
            assert.deepEqual([end?.is, others.length], ['ESTABLISHED', 0]);
            assert.ok((end?.seconds ?? 0) > 60);
          }
          await tell(first, { do: how, key });
          if (how === 'end') await tell(second, { do: 'end', key });
          assert.equal(await closed(second, key), how === 'end' ? 'closed' : 'ECONNRESET');
          await isOver(key, `conntrack to see ${how} by ${first} after ${bytes} bytes`);
        }
      }
    });
  }

  test("answers to clients of another node's published port take the short way to it", async () => {
    const { who, key } = await open(one.address, 0, 'outside');
    assert.equal(who, 'blue');
    const answers = new RegExp(`${bluePublished} \\. ${port} \\. ${lab.outside} \\. ${key}\\b`);
    await until(
      'them to be known',
      async () => {
        await exchange('blue', key, 100, 'outside');
        return answers.test(await mapOf(two, 'flows'));
      },
      (is) => is,
      { deadlineMs: 10_000 },
    );
    await exchange('blue', key, plenty, 'outside');
  });

  test('a client that asks two nodes by one port of its own is answered by both', async () => {
    const from = 45_100;
    const near = await open(two.address, from, 'outside');
    const far = await open(one.address, from, 'outside');
    assert.deepEqual([near.who, far.who], ['blue', 'blue']);
    assert.notEqual(near.key, far.key, 'conntrack gives the second one another port');
    for (let round = 0; round < 3; round += 1) {
      for (const { key } of [near, far]) await exchange('blue', key, 1_000, 'outside');
    }
  });

  test('a port used again at once reaches whom it asks for', async () => {
    const from = 45_000;
    const hosts: readonly (readonly [string, readonly string[]])[] = [
      [red, ['red']],
      [blue, ['blue']],
      [mixed, ['mixed1', 'mixed2']],
      [mixed, ['mixed1', 'mixed2']],
      [redTask, ['red']],
    ];
    const ends = [
      ['end', 'there'],
      ['reset', 'here'],
      ['reset', 'there'],
    ] as const;
    const changes = new Set<string>();
    let last = '';
    for (let turn = 0; turn < 20 || changes.size < 2; turn += 1) {
      const [host, whom] = hosts[turn % hosts.length] ?? assert.fail();
      // The one before may be in its last moments.
      const { who, key } = await until(
        `turn ${turn}`,
        async () => await open(host, from),
        (opened) => !['error EADDRNOTAVAIL', 'error EADDRINUSE'].includes(opened.who),
        { deadlineMs: 5_000 },
      );
      assert.ok(whom.includes(who), `turn ${turn}: ${who} for ${host}`);
      // Conntrack takes another port where it still has an ended connection with this one: that is not for the short way.
      if (key === from) await becomesKnown(who, key, host);
      else assert.equal(host, redTask);
      await exchange(who, key, 50_000);
      if (who.startsWith('mixed') && last.startsWith('mixed') && who !== last) changes.add(who);
      last = who;
      const [how, where] = ends[turn % ends.length] ?? assert.fail();
      const [first, second] = where === 'here' ? ['asker', who] : [who, 'asker'];
      await tell(first, { do: how, key });
      if (how === 'end') await tell(second, { do: 'end', key });
      await closed(second, key);
    }
  });

  test("nobody else's packets go by the short way, whatever they show", async () => {
    const [asker, burglar] = [taskOf('asker'), taskOf('burglar')];
    const hosts = [redTask, red];
    const inside = async (task: LabTask, ...argv: string[]): Promise<string> =>
      await task.node.run('nsenter', '-t', await pidOf(task), '-n', ...argv);
    const linkOf = async (task: LabTask): Promise<{ address: string; ifindex: number }> => {
      const [link] = JSON.parse(await inside(task, 'ip', '-j', 'link', 'show', 'eth0')) as [never];
      return link;
    };
    const [theirs, own] = [await linkOf(asker), await linkOf(burglar)];
    const process = await pidOf(taskOf('red'));
    const wire = { ...two, inside: (...argv: string[]) => ['nsenter', '-t', process, '-n', ...argv] };
    const sendFrames = frameSender(async (...argv) => await inside(burglar, ...argv), own.ifindex);
    for (const host of hosts) {
      const [stolen, honest] = [await openKnown(host), await openKnown(host, 'red', 'burglar')];
      const rows = await inside(burglar, 'ip', '-j', 'neigh', 'show', host, 'dev', 'eth0');
      const toMac = (JSON.parse(rows) as [{ lladdr: string }])[0].lladdr;
      const to = `${host}:${port}`;
      const { text } = await capture(wire, undefined, async () => {
        for (const mac of [own.address, theirs.address])
          await sendFrames(tcp({ mac, toMac, from: `${client}:${stolen}`, to, text: 'forged' }));
        await sendFrames(tcp({ mac: own.address, toMac, from: `10.128.1.11:${honest}`, to, text: 'honest' }));
        await exchange('red', honest, 1_000, 'burglar');
      });
      assert.deepEqual([text.includes('forged'), text.includes('honest')], [false, true], host);
      await exchange('red', stolen);
      await tell('asker', { do: 'reset', key: stolen });
      await tell('burglar', { do: 'reset', key: honest });
    }
  });

  suite('for longer than a connection is known', { concurrency: true }, () => {
    test('a rule of others stops a known connection in time, and new ones at once', async () => {
      const keys = [await openKnown(redTask), await openKnown(red)] as const;
      for (const key of keys) await tell('asker', { do: 'babble', key });
      const rule = ['DOCKER-USER', '-s', client, '-d', redTask, '-j', 'DROP'];
      await one.run('iptables', '-I', ...rule);
      const begun = performance.now();
      const isAnyShort = async (): Promise<boolean> =>
        (await isSentShort(keys[0], redTask)) || (await isSentShort(keys[1], red));
      const dropped = async (): Promise<number> =>
        Number(/^\s*(\d+).*DROP/m.exec(await one.run('iptables', '-nvxL', 'DOCKER-USER'))?.[1]);
      const received = async (): Promise<readonly number[]> =>
        await Promise.all(keys.map(async (key) => (await heard('red', key)).bytes));
      const fresh = await Promise.all([open(redTask), open(red)]);
      assert.deepEqual(
        fresh.map(({ who }) => who),
        ['error TIMEOUT', 'error TIMEOUT'],
      );
      await until('nothing to be known', isAnyShort, (is) => !is, { deadlineMs: 25_000 - (performance.now() - begun) });
      const [bytes, packets] = [await received(), await dropped()];
      await until('more to be dropped', dropped, (now) => now > packets + 3);
      assert.deepEqual(await received(), bytes);
      // It was only interrupted.
      await one.run('iptables', '-D', ...rule);
      const sent = await Promise.all(keys.map(async (key) => Number(await tell('asker', { do: 'hush', key }))));
      await until('the rest', received, (all) => all.every((count, index) => count >= (sent[index] ?? 0)));
      for (const key of keys) await tell('asker', { do: 'reset', key });
    });

    test('a connection of which the client has ended its half goes on', async () => {
      const key = await openKnown(blue, 'blue');
      await tell('asker', { do: 'end', key });
      await until(
        'the end of the half',
        async () => (await heard('blue', key)).state,
        (is) => is === 'ended',
      );
      await heard('asker', key, true);
      await tell('blue', { do: 'babble', key });
      await until(
        'the other half to be known',
        async () => await isKnown(key, blue),
        (is) => is,
        { deadlineMs: 5_000 },
      );
      // 40 kB in a second.
      const far = await until(
        'the stream to go on',
        async () => await heard('asker', key),
        ({ bytes, state: is }) => bytes > 1_120_000 || is !== 'open',
        { deadlineMs: 45_000 },
      );
      assert.equal(far.state, 'open');
      assert.ok(far.silence < 2_000, `silent for ${far.silence} ms`);
      assert.ok(await isKnown(key, blue), 'learnt anew');
      const sent = Number(await tell('blue', { do: 'hush', key }));
      await tell('blue', { do: 'end', key });
      assert.equal(await closed('asker', key), 'closed');
      assert.equal((await heard('asker', key)).bytes, sent);
      await isOver(key, 'conntrack to see the end');
    });
  });

  test('a known connection to a task that is gone is reset at once', async () => {
    const others = [...state.tasks];
    for (const host of [red, mixed]) {
      const { key, who } = await open(host);
      await becomesKnown(who, key, host);
      await tell('asker', { do: 'babble', key });
      const gone = taskOf(who);
      others.splice(others.indexOf(gone), 1);
      await stopTask(gone);
      await tellAll(lab.nodes, { ...state, tasks: others });
      assert.equal(await closed('asker', key), 'ECONNRESET', host);
    }
  });
});

/** Counts what the IP stack forwards of the tests' connections. */
const longWay = `table ip watch {
  counter long { }
  chain forward {
    type filter hook forward priority -150;
    tcp sport ${port} counter name long
    tcp dport ${port} counter name long
  }
}`;
