import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.ts';
import { ask, sixthOf, startTask, stopTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';
import { publishedPort6Tests } from './network/published6.ts';

const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1, dual: true };
const back: LabNetwork = { id: 'back000000000000000000001', name: 'back', index: 2, dual: true };
const closed: LabNetwork = { id: 'closed0000000000000000001', name: 'closed', index: 3, dual: true, internal: true };
const plain: LabNetwork = { id: 'plain00000000000000000001', name: 'plain', index: 4 };
const networks = [front, back, closed, plain];

suite('networks with IPv6', { timeout: 360_000 }, () => {
  let lab: Lab;
  let nodes: readonly [LabNode, LabNode];
  let web: readonly [LabTask, LabTask, LabTask];
  let state: LabState;

  const task = (id: string, service: string, node: LabNode, network: LabNetwork, host: number): LabTask => ({
    id,
    service,
    node,
    addresses: { [network.id]: `10.128.${network.index}.${host}` },
  });
  const sixth = ({ addresses }: LabTask): string => {
    const [[id, address] = ['', '']] = Object.entries(addresses);
    const network = networks.find((one) => one.id === id);
    return (network && sixthOf(network, address)) ?? '';
  };
  const refused = async (from: LabTask | LabNode, address: string): Promise<void> =>
    assert.match(await ask(from, 'tcp', address, 80), /^error/, address);

  before(async () => {
    lab = await startLab('sixth', 2, { ipv6: true });
    nodes = lab.nodes as unknown as typeof nodes;
    const [one, two] = nodes;
    web = [
      task('web1', 'web', one, front, 16),
      task('web2', 'web', two, front, 32),
      task('web3', 'web', one, front, 48),
    ];
    const tasks = [
      ...web,
      task('near', 'near', one, back, 16),
      task('far', 'far', two, back, 32),
      task('shut1', 'shut', one, closed, 16),
      task('shut2', 'shut', two, closed, 32),
      task('old', 'old', one, plain, 16),
    ];
    state = { networks, tasks, vips: [{ service: 'web', network: front.id, address: '10.128.1.2' }] };
    await tellAll(nodes, state);
    for (const each of tasks) await startTask(each, 80, networks);
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('tasks reach each other on one node and across, TCP and UDP, and see who asks', async () => {
    const [one, two, three] = web;
    for (const [from, to] of [
      [one, two],
      [two, one],
      [one, three],
      [three, two],
    ] as const) {
      assert.equal(await ask(from, 'tcp', sixth(to), 80), `${to.id} ${sixth(from)}`);
      assert.equal(await ask(from, 'udp', sixth(to), 80), `${to.id} ${sixth(from)}`);
      assert.equal(
        await ask(from, 'tcp', Object.values(to.addresses)[0] ?? '', 80),
        `${to.id} ${Object.values(from.addresses)[0]}`,
      );
    }
  });

  test('networks are apart; one without a way out has none', async () => {
    const [one] = web;
    const byId = new Map(state.tasks.map((each) => [each.id, each]));
    // The kernel tells one host only so much at a time: what is refused in silence takes three seconds.
    await refused(one, sixth(byId.get('near') as LabTask));
    await refused(one, sixth(byId.get('far') as LabTask));
    await refused(byId.get('shut1') as LabTask, sixth(one));
    await refused(byId.get('far') as LabTask, sixth(one));
    const [shut, other] = [byId.get('shut1'), byId.get('shut2')] as [LabTask, LabTask];
    assert.equal(await ask(shut, 'tcp', sixth(other), 80), `${other.id} ${sixth(shut)}`);
  });

  test('a virtual address leads to every ready task, and to none that is not', async () => {
    const vip = 'fd00:1::2';
    const from = web[1];
    const seen = new Set<string>();
    const asked = async () => seen.add((await ask(from, 'tcp', vip, 80)).split(' ')[0] ?? '').size;
    await until('all three', asked, (count) => count >= 3);
    assert.deepEqual([...seen].toSorted(), ['web1', 'web2', 'web3']);
    await tellAll(nodes, { ...state, tasks: state.tasks.map((one) => ({ ...one, ready: one.service !== 'web' })) });
    assert.equal(await ask(from, 'tcp', vip, 80), 'error ECONNREFUSED');
    await tellAll(nodes, state);
    assert.match(await ask(from, 'tcp', vip, 80), /^web/);
  });

  publishedPort6Tests(() => ({ lab, nodes, askers: [web[0], web[1]], state }));

  test('what is wiped is put back', async () => {
    const [one, two] = web;
    for (const wipe of [
      ['nft', 'delete', 'table', 'ip6', 'tutti'],
      ['ip', '-6', 'route', 'del', sixth(two)],
      ['ip', '-6', 'neigh', 'flush', 'dev', 'tutti0', 'nud', 'permanent'],
      ['ip', '-6', 'neigh', 'del', 'proxy', sixth(two), 'dev', 'tutti0-front000'],
      // As a host firewall has it, and engines from 27 on.
      ['ip6tables', '-P', 'FORWARD', 'DROP'],
    ]) {
      await nodes[0].run(...wipe);
      await nodes[0].tell({ do: 'check' });
      await nodes[0].tell({ do: 'settled' });
      assert.equal(await ask(one, 'tcp', sixth(two), 80), `${two.id} ${sixth(one)}`, wipe.join(' '));
    }
  });

  test('an agent that was killed changes nothing, and takes over what is there', async () => {
    const [one, two] = web;
    await nodes[0].killAgent();
    assert.equal(await ask(two, 'tcp', sixth(one), 80), `${one.id} ${sixth(two)}`);
    nodes[0].startAgent();
    await nodes[0].tell({ do: 'known' });
    await tellAll(nodes, state);
    assert.equal(await ask(one, 'tcp', sixth(two), 80), `${two.id} ${sixth(one)}`);
  });

  test('a node without IPv6: the network has IPv4 there, and nothing else is missed', async () => {
    const [one, two] = nodes;
    const lone = { ...task('lone', 'lone', two, closed, 40) };
    const tasks = [...state.tasks.filter(({ id }) => id !== 'shut2'), lone];
    await stopTask(state.tasks.find(({ id }) => id === 'shut2') as LabTask);
    await tellAll(nodes, { ...state, tasks: state.tasks.filter(({ id }) => id !== 'shut2'), fourthOnly: [two] });
    await tellAll(nodes, { ...state, tasks, fourthOnly: [two] });
    await startTask(lone, 80, networks);
    const shut = state.tasks.find(({ id }) => id === 'shut1') as LabTask;
    assert.equal(await ask(shut, 'tcp', '10.128.3.40', 80), 'lone 10.128.3.16');
    await refused(shut, sixth(lone));
    assert.equal(await ask(web[0], 'tcp', sixth(web[2]), 80), `web3 ${sixth(web[0])}`, one.name);
  });

  test('all of it is removed, and the machine forwards as before', async () => {
    const [one] = nodes;
    for (const each of state.tasks) if (each.node === one) await stopTask(each);
    await one.tell({ do: 'removeAll' });
    assert.doesNotMatch(await one.run('nft', 'list', 'tables'), /tutti/);
    assert.doesNotMatch(await one.run('ip', '-6', 'rule'), /1100/);
    assert.doesNotMatch(await one.run('ip', '-6', 'route', 'show', 'table', 'all'), /tutti/);
    assert.equal(await one.run('cat', '/proc/sys/net/ipv6/conf/all/forwarding'), '0');
  });
});
