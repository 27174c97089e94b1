import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.ts';
import { capture } from './network/capture.ts';
import type { Capture } from './network/capture.ts';
import { ask, startTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';

const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1, dual: true };
/** What the task answers begins with its name: that is what must not be read on the wire. */
const marker = 'web-in-clear';
const overlay = 'udp/4797';
const wireguard = 'udp/4798';

suite('encryption between two nodes', { timeout: 240_000 }, () => {
  let lab: Lab;
  let nodes: readonly [LabNode, LabNode];
  let asker: LabTask;
  let plain: LabState;
  let sealed: LabState;

  const page = async (): Promise<string> => await ask(asker, 'tcp', '10.128.1.20', 80);
  const expected = `${marker} 10.128.1.10`;
  /** One connection that goes on for so long; gives its longest silence in ms. */
  const hold = async (ms: number): Promise<number> => {
    const answer = await ask(asker, 'hold', '10.128.1.20', 81, ms);
    assert.match(answer, /^\d+$/, 'the connection lasted');
    return Number(answer);
  };
  /** What went over the wire while the page was asked for, by both families. */
  const wire = async (): Promise<Capture> =>
    await capture(nodes[0], nodes[1], async () => {
      assert.equal(await page(), expected);
      assert.equal(await ask(asker, 'tcp', 'fd00:1::14', 80), `${marker} fd00:1::a`);
    });
  const inSet = async (node: LabNode): Promise<boolean> =>
    (await node.run('nft', 'list', 'set', 'inet', 'tutti', 'strict')).includes('elements');
  const untilSealed = async (wanted: boolean): Promise<void> =>
    void (await until(
      wanted ? 'both refuse what comes in clear' : 'both take what comes in clear',
      async () => await Promise.all(nodes.map(inSet)),
      (are) => are.every((is) => is === wanted),
      { deadlineMs: 60_000, everyMs: 200 },
    ));
  const keys = async (): Promise<Record<string, string>> => {
    const of = async (node: LabNode) => [node.name, String(await node.tell({ do: 'publicKey' }))] as const;
    return Object.fromEntries(await Promise.all(nodes.map(of)));
  };

  before(async () => {
    lab = await startLab('sealtest', 2);
    nodes = lab.nodes as unknown as typeof nodes;
    asker = { id: 'asker', service: 'asker', node: nodes[0], addresses: { [front.id]: '10.128.1.10' } };
    const web = { id: marker, service: 'web', node: nodes[1], addresses: { [front.id]: '10.128.1.20' } };
    plain = { networks: [front], tasks: [asker, web], encryption: 'off', keys: await keys() };
    sealed = { ...plain, encryption: 'on' };
    await tellAll(nodes, plain);
    for (const task of plain.tasks) await startTask(task, 80, [front]);
    for (const node of nodes) await node.tell({ do: 'check' });
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('off: what tasks say can be read on the wire', async () => {
    const { text, flows } = await wire();
    assert.ok(text.includes(marker));
    assert.deepEqual([...flows], [overlay]);
  });

  test('turned on: connections go on, and then nothing readable is on the wire, nothing but WireGuard', async () => {
    const held = hold(7_000);
    await tellAll(nodes, sealed);
    await untilSealed(true);
    const { text, flows } = await wire();
    assert.equal(text.includes(marker), false);
    assert.deepEqual([...flows], [wireguard]);
    const silence = await held;
    assert.ok(silence < 4_000, `${silence} ms of silence`);
  });

  test('a packet in clear is neither sent nor taken', async () => {
    const [one, two] = nodes;
    // As an attacker on the wire would have it: WireGuard is dead, and its route with it.
    await one.run('ip', 'rule', 'del', 'pref', '10990');
    const { flows } = await capture(one, two, async () => {
      assert.match(await ask(asker, 'udp', '10.128.1.20', 80), /^error|^web/);
    });
    assert.equal(flows.has(overlay), false);
    await until('the rule is back', page, (text) => text === expected);
  });

  test('WireGuard killed: it is back, with nothing in clear in between', async () => {
    const [one, two] = nodes;
    const [device = ''] = (await one.run('wg', 'show', 'interfaces')).split(/\s/);
    const { text } = await capture(one, two, async () => {
      await one.run('pkill', '-KILL', '-f', `wireguard-go ${device}`);
      await until('the page again', page, (answer) => answer === expected, { deadlineMs: 10_000 });
    });
    assert.equal(text.includes(marker), false);
  });

  test('a killed agent finds it as it left it', async () => {
    const [one] = nodes;
    const [device = ''] = (await one.run('wg', 'show', 'interfaces')).split(/\s/);
    const index = async (): Promise<string> => await one.run('cat', `/sys/class/net/${device}/ifindex`);
    const before = await index();
    await one.killAgent();
    assert.equal(await page(), expected);
    one.startAgent();
    await one.tell({ do: 'known' });
    await tellAll(nodes, sealed);
    assert.equal(await index(), before);
    assert.equal(await page(), expected);
  });

  test('another key: connections go on', async () => {
    const [one, two] = nodes;
    const before = await one.run('wg', 'show', 'all', 'public-key');
    const held = hold(7_000);
    await one.tell({ do: 'rotateKey' });
    const rotated = { ...sealed, keys: await keys() };
    assert.notDeepEqual(rotated.keys, sealed.keys);
    await tellAll(nodes, rotated);
    await until(
      'the new key',
      () => one.run('wg', 'show', 'all', 'public-key'),
      (text) => text !== before,
    );
    await until(
      'the other node has only the new one',
      () => two.run('wg', 'show', 'all', 'allowed-ips'),
      (text) => text.includes(rotated.keys?.[one.name] ?? '?') && text.trim().split('\n').length === 1,
    );
    const silence = await held;
    assert.ok(silence < 4_000, `${silence} ms of silence`);
    sealed = rotated;
  });

  test('turned off: connections go on, and WireGuard is gone', async () => {
    const held = hold(7_000);
    await tellAll(nodes, { ...sealed, encryption: 'off' });
    await untilSealed(false);
    const silence = await held;
    assert.ok(silence < 4_000, `${silence} ms of silence`);
    await until(
      'no device',
      () => nodes[0].run('wg', 'show', 'interfaces'),
      (text) => text === '',
      {
        deadlineMs: 45_000,
        everyMs: 200,
      },
    );
    assert.equal(await page(), expected);
  });
});
