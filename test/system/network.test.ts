import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import * as packet from 'dns-packet';
import { until } from '../support/until.ts';
import type { Reply } from './network/client.ts';
import { ask, startTask, stopTask, tellAll } from './network/cluster.ts';
import type { Answers } from './network/flows.ts';
import type { LabNetwork, LabPublish, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';
import { packetTests } from './network/packets.ts';
import { publishedPortTests } from './network/published.ts';

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 0, ingress: true };
const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1 };
const back: LabNetwork = { id: 'back000000000000000000001', name: 'back', index: 2 };
const vault: LabNetwork = { id: 'vault00000000000000000001', name: 'vault', index: 3, internal: true };

const publish = (protocol: LabPublish['protocol'], published: number, service: string): LabPublish => ({
  protocol,
  published,
  target: 80,
  service,
  network: ingress.id,
});

/**
 * node1: asker (front), keeper (vault), near (back); node2: web (front, ingress), safe (vault), store (back);
 * node3: web2 (front, ingress) only where a test adds it.
 */
suite('the network of three nodes', { timeout: 300_000 }, () => {
  let lab: Lab;
  let nodes: readonly [LabNode, LabNode, LabNode];
  let tasks: Record<'asker' | 'keeper' | 'near' | 'web' | 'safe' | 'store', LabTask>;
  let state: LabState;

  before(async () => {
    lab = await startLab('nettest', 3);
    nodes = lab.nodes as unknown as typeof nodes;
    const [one, two] = nodes;
    tasks = {
      asker: { id: 'asker', service: 'asker', node: one, addresses: { [front.id]: '10.128.1.10' } },
      keeper: { id: 'keeper', service: 'keeper', node: one, addresses: { [vault.id]: '10.128.3.10' } },
      near: { id: 'near', service: 'near', node: one, addresses: { [back.id]: '10.128.2.10' } },
      web: {
        id: 'webtask',
        service: 'web',
        node: two,
        aliases: ['WWW'],
        addresses: { [front.id]: '10.128.1.20', [ingress.id]: '10.128.0.20' },
      },
      safe: { id: 'safe', service: 'safe', node: two, addresses: { [vault.id]: '10.128.3.20' } },
      store: { id: 'store', service: 'store', node: two, addresses: { [back.id]: '10.128.2.20' } },
    };
    state = {
      networks: [ingress, front, back, vault],
      tasks: Object.values(tasks),
      publishes: [publish('tcp', 8080, 'web'), publish('udp', 8080, 'web'), publish('tcp', 8081, 'nobody')],
    };
    await tellAll(nodes, state);
    for (const task of Object.values(tasks)) await startTask(task, 80);
    for (const node of nodes) await node.tell({ do: 'check' });
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('containers reach each other over nodes and on one node, with their own addresses', async () => {
    assert.equal(await ask(tasks.asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10');
    assert.equal(await ask(tasks.asker, 'udp', '10.128.1.20', 80), 'webtask 10.128.1.10');
    assert.equal(await ask(tasks.web, 'tcp', '10.128.1.10', 80), 'asker 10.128.1.20');
    assert.equal(await ask(tasks.keeper, 'tcp', '10.128.3.20', 80), 'safe 10.128.3.10');
  });

  test('networks are apart, both ways, on one node and over nodes', async () => {
    for (const [from, to] of [
      [tasks.asker, '10.128.2.10'],
      [tasks.asker, '10.128.2.20'],
      [tasks.near, '10.128.1.10'],
      [tasks.store, '10.128.1.10'],
      [tasks.keeper, '10.128.1.20'],
    ] as const) {
      assert.match(await ask(from, 'tcp', to, 80), /^error/, `${from.id} to ${to}`);
    }
  });

  test('only an internal network has no way out', async () => {
    const server = createServer((socket) => socket.end(`outside ${socket.remoteAddress ?? ''}`));
    await new Promise<void>((resolve) => server.listen(0, lab.outside, resolve));
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal(await ask(tasks.asker, 'tcp', lab.outside, port), `outside ${nodes[0].address}`);
      assert.match(await ask(tasks.keeper, 'tcp', lab.outside, port), /^error/);
      assert.match(await ask(tasks.keeper, 'tcp', '10.128.3.1', 8080), /^error/);
      // Nor by a server of the node's own, as its front door is one.
      await nodes[0].party(undefined, 8123);
      assert.equal(await ask(tasks.asker, 'tcp', '10.128.1.1', 8123), 'node1 10.128.1.10');
      for (const to of ['10.128.3.1', '10.128.1.1', nodes[0].address]) {
        assert.match(await ask(tasks.keeper, 'tcp', to, 8123), /^error/, to);
      }
    } finally {
      server.close();
    }
  });

  test('a published port answers on every node, TCP and UDP, and the container sees the client', async () => {
    for (const node of nodes) {
      assert.equal(await lab.ask('tcp', node.address, '8080'), `webtask ${lab.outside}`, node.name);
      assert.equal(await lab.ask('udp', node.address, '8080'), `webtask ${lab.outside}`, node.name);
    }
  });

  test('a published port answers the nodes themselves', async () => {
    const [one, two, three] = nodes;
    for (const from of nodes) {
      assert.match(await ask(from, 'tcp', '127.0.0.1', 8080), /^webtask /, `${from.name} by loopback`);
      assert.match(await ask(from, 'udp', '127.0.0.1', 8080), /^webtask /, `${from.name} by loopback, UDP`);
      for (const to of nodes) {
        assert.match(await ask(from, 'tcp', to.address, 8080), /^webtask /, `${from.name} by ${to.name}`);
      }
    }
    assert.equal(await ask(three, 'tcp', one.address, 8080), `webtask ${three.address}`);
    assert.equal(await ask(three, 'tcp', two.address, 8080), `webtask ${three.address}`);
  });

  test('a published port answers containers, also the one that serves it', async () => {
    for (const from of [tasks.asker, tasks.near, tasks.web, tasks.store]) {
      for (const to of nodes) {
        assert.match(await ask(from, 'tcp', to.address, 8080), /^webtask /, `${from.id} by ${to.name}`);
        assert.match(await ask(from, 'udp', to.address, 8080), /^webtask /, `${from.id} by ${to.name}, UDP`);
      }
    }
  });

  test('a published port with no ready task refuses at once', async () => {
    for (const node of nodes) assert.equal(await lab.ask('tcp', node.address, '8081'), 'error ECONNREFUSED');
    assert.equal(await ask(nodes[0], 'tcp', '127.0.0.1', 8081), 'error ECONNREFUSED');
  });

  publishedPortTests(() => ({ lab, nodes, tasks, state, publish }));
  packetTests(() => tasks);

  test('nothing outside reaches a task but by a published port', async () => {
    assert.match(await ask(nodes[2], 'udp', '10.128.2.20', 80), /^error/);
  });

  test('a host firewall that drops what comes in is no hindrance to names and overlay', async () => {
    const [one] = nodes;
    await one.run('iptables', '-P', 'INPUT', 'DROP');
    try {
      assert.equal(await ask(tasks.asker, 'dns', 'A', 'web'), '["10.128.1.20"]');
      assert.equal(await ask(tasks.asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10');
      assert.equal(await lab.ask('tcp', one.address, '8080'), `webtask ${lab.outside}`);
    } finally {
      await one.run('iptables', '-P', 'INPUT', 'ACCEPT');
    }
  });

  test('names: services, aliases, tasks, reverse, and nothing of other networks', async () => {
    const { asker, web, near } = tasks;
    for (const name of ['web', 'WEB', 'www', 'tasks.web', 'web.1.webtask', 'web.front']) {
      assert.equal(await ask(asker, 'dns', 'A', name), '["10.128.1.20"]', name);
    }
    assert.deepEqual(JSON.parse(await ask(asker, 'dns', 'PTR', '10.128.1.20')), ['web.1.webtask.front']);
    assert.equal(await ask(asker, 'dns', 'AAAA', 'web'), 'error ENODATA');
    assert.equal(await ask(asker, 'dns', 'A', 'nothing'), 'error ENOTFOUND');
    assert.equal(await ask(near, 'dns', 'A', 'web'), 'error ENOTFOUND');
    assert.equal(await ask(asker, 'dns', 'A', 'store'), 'error ENOTFOUND');
    assert.equal(await ask(near, 'dns', 'A', 'store'), '["10.128.2.20"]');
    // Nor is anybody answered at the gateway of another network.
    assert.equal(await ask(near, 'dns', 'A', 'store', '10.128.1.1'), 'error EREFUSED');
    const both = JSON.parse(await ask(web, 'dns', 'A', 'web')) as string[];
    assert.deepEqual(both.toSorted(), ['10.128.0.20', '10.128.1.20']);
    assert.equal(await ask(tasks.keeper, 'dns', 'A', 'safe'), '["10.128.3.20"]');
  });

  test('names: more addresses than a datagram holds are cut, and whole by TCP', async () => {
    const crowd = Array.from({ length: 120 }, (_, index): LabTask => {
      const address = `10.128.1.${100 + index}`;
      return { id: `crowd${index}`, service: 'crowd', node: nodes[1], addresses: { [front.id]: address } };
    });
    await tellAll(nodes, { ...state, tasks: [...state.tasks, ...crowd] });
    const query = async (how: 'udp' | 'tcp') => JSON.parse(await ask(tasks.asker, 'query', 'A', 'crowd', how)) as Reply;
    const [part, whole] = [await query('udp'), await query('tcp')];
    assert.deepEqual([part.cut, part.answers.length < crowd.length], [true, true]);
    assert.deepEqual([whole.cut, whole.answers.length], [false, crowd.length]);
    // As clients do it: by TCP when it was cut.
    assert.equal((JSON.parse(await ask(tasks.asker, 'dns', 'A', 'crowd')) as string[]).length, crowd.length);
    await tellAll(nodes, state);
  });

  test('a task that is not ready is in no answer and behind no port', async () => {
    const stopping = { ...tasks.web, ready: false };
    await tellAll(nodes, { ...state, tasks: state.tasks.map((task) => (task === tasks.web ? stopping : task)) });
    assert.equal(await ask(tasks.asker, 'dns', 'A', 'web'), 'error ENODATA');
    for (const node of nodes) assert.equal(await lab.ask('tcp', node.address, '8080'), 'error ECONNREFUSED');
    await tellAll(nodes, state);
    assert.equal(await ask(tasks.asker, 'dns', 'A', 'web'), '["10.128.1.20"]');
  });

  test('several tasks share the connections, and a UDP flow leaves a task that is gone', async () => {
    const second: LabTask = {
      ...tasks.web,
      id: 'web2',
      node: nodes[2],
      addresses: { [front.id]: '10.128.1.21', [ingress.id]: '10.128.0.21' },
    };
    const both = { ...state, tasks: [...state.tasks, second] };
    await tellAll(nodes, both);
    await startTask(second, 80);
    const seen = new Set<string>();
    for (let i = 0; i < 40 && seen.size < 2; i += 1) {
      seen.add((await lab.ask('tcp', nodes[0].address, '8080')).split(' ')[0] ?? '');
    }
    assert.deepEqual([...seen].toSorted(), ['web2', 'webtask']);

    const flow = async () => (await ask(nodes[2], 'udp', nodes[0].address, 8080, 40_123)).split(' ')[0] ?? '';
    const first = await flow();
    assert.equal(await flow(), first);
    const left =
      first === 'web2' ? state : { ...state, tasks: [...state.tasks.filter((t) => t !== tasks.web), second] };
    await tellAll(nodes, left);
    assert.equal(await flow(), first === 'web2' ? 'webtask' : 'web2');
    await tellAll(nodes, state);
  });

  test('a virtual address gives its service to its network, over all nodes, and to no other', async () => {
    const [one, two, three] = nodes;
    const address = '10.128.1.100';
    const far: LabTask = { ...tasks.web, id: 'far', node: three, addresses: { [front.id]: '10.128.1.22' } };
    const near: LabTask = { ...tasks.web, id: 'beside', node: one, addresses: { [front.id]: '10.128.1.23' } };
    const served: LabState = {
      ...state,
      tasks: [...state.tasks, far, near],
      vips: [
        { service: 'web', network: front.id, address, aliases: ['www'] },
        { service: 'idle', network: front.id, address: '10.128.1.101' },
      ],
    };
    const without = (...ids: string[]): LabState => ({
      ...served,
      tasks: served.tasks.map((task) => (ids.includes(task.id) ? { ...task, ready: false } : task)),
    });
    await tellAll(nodes, served);
    await startTask(far, 80);
    await startTask(near, 80);
    for (const node of nodes) await node.tell({ do: 'check' });
    const { asker, web } = tasks;

    for (const name of ['web', 'www', 'web.front', 'idle']) {
      const answer = name === 'idle' ? '10.128.1.101' : address;
      assert.equal(await ask(asker, 'dns', 'A', name), JSON.stringify([answer]), name);
    }
    const all = JSON.parse(await ask(asker, 'dns', 'A', 'tasks.web')) as string[];
    assert.deepEqual(all.toSorted(), ['10.128.1.20', '10.128.1.22', '10.128.1.23']);
    assert.deepEqual(JSON.parse(await ask(asker, 'dns', 'PTR', address)), ['web.front']);

    /** Who answers when asked again and again, whom they see, and what else was said. */
    const sample = async (from: LabTask, kind: string, count: number): Promise<Map<string, number>> => {
      const seen = new Map<string, number>();
      for (let i = 0; i < count; i += 1) {
        const answer = await ask(from, kind, address, 80);
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
      return seen;
    };
    const peers = (seen: ReadonlyMap<string, number>): string[] => [...seen.keys()].toSorted();
    for (const kind of ['tcp', 'udp']) {
      const seen = await sample(asker, kind, 90);
      assert.deepEqual(peers(seen), ['beside 10.128.1.10', 'far 10.128.1.10', 'webtask 10.128.1.10'], kind);
      for (const [who, count] of seen) assert.ok(count >= 12, `${kind}: ${who} has ${count} of 90`);
    }
    // From a task of the service: its own turn comes by the gateway, the others see who it is.
    for (const [from, own] of [
      [near, 'beside'],
      [web, 'webtask'],
    ] as const) {
      const seen = peers(await sample(from, 'tcp', 60));
      assert.equal(seen.length, 3, seen.join());
      const self = seen.find((each) => each.startsWith(own)) ?? '';
      assert.equal(self, `${own} 10.128.1.1`);
      for (const each of seen) if (each !== self) assert.ok(each.endsWith(from.addresses[front.id] ?? '?'), each);
    }
    await asker.node.run('nsenter', '-t', await pidOf(asker), '-n', 'busybox', 'ping', '-c', '2', '-W', '1', address);
    assert.match(await ask(tasks.near, 'tcp', address, 80), /^error/, 'from another network');
    assert.match(await ask(tasks.keeper, 'tcp', address, 80), /^error/, 'from an internal one');
    assert.equal(await ask(asker, 'tcp', '10.128.1.101', 80), 'error ECONNREFUSED');
    assert.equal(await ask(asker, 'udp', '10.128.1.101', 80), 'error ECONNREFUSED');

    // A UDP flow moves when its task is not ready any more.
    const flow = async (): Promise<string> => (await ask(asker, 'udp', address, 80, 40_321)).split(' ')[0] ?? '';
    const first = await flow();
    assert.equal(await flow(), first);
    await tellAll(nodes, without(first));
    assert.notEqual(await flow(), first);
    assert.equal((await sample(asker, 'tcp', 20)).has(`${first} 10.128.1.10`), false, 'nor a new connection');

    // By the client's address: always the same task, and everybody keeps theirs when another is gone.
    const sticky: LabState = {
      ...served,
      vips: [{ service: 'web', network: front.id, address, affinity: 'client' }],
    };
    await tellAll(nodes, sticky);
    const [mine, ...others] = peers(await sample(asker, 'tcp', 15));
    assert.deepEqual(others, []);
    const other = ['beside', 'far', 'webtask'].find((id) => mine?.startsWith(id) === false) ?? '';
    await tellAll(nodes, { ...without(other), vips: sticky.vips ?? [] });
    assert.deepEqual(peers(await sample(asker, 'tcp', 15)), [mine]);

    await tellAll(nodes, without('far', 'beside', 'webtask'));
    assert.equal(await ask(asker, 'tcp', address, 80), 'error ECONNREFUSED');
    assert.equal(await two.run('nft', 'list', 'map', 'ip', 'tutti', 'vips').then((text) => /goto/.test(text)), false);
    await stopTask(far);
    await stopTask(near);
    await tellAll(nodes, state);
  });

  const pidOf = async (task: LabTask): Promise<string> =>
    await task.node.docker('inspect', '-f', '{{.State.Pid}}', task.id);

  test('what nobody here knows is asked of the resolvers that the node has', async () => {
    const upstream = createSocket('udp4');
    await new Promise<void>((resolve) => upstream.bind(53, lab.outside, resolve));
    upstream.on('message', (message, { address, port }) => {
      const { id, questions = [] } = packet.decode(message);
      const name = questions[0]?.name ?? '';
      const answers: packet.Answer[] = [{ type: 'A', name, ttl: 60, data: '192.0.2.7' }];
      upstream.send(packet.encode({ id: id ?? 0, type: 'response', questions, answers }), port, address);
    });
    try {
      await nodes[0].run('sh', '-c', `echo nameserver ${lab.outside} > /etc/resolv.conf`);
      assert.equal(await ask(tasks.asker, 'dns', 'A', 'example.org'), '["192.0.2.7"]');
      assert.match(await ask(tasks.keeper, 'dns', 'A', 'example.org'), /^error/);
    } finally {
      upstream.close();
    }
  });

  test('rules, routes and devices that someone removed come back', async () => {
    const [one] = nodes;
    await one.run('nft', 'flush', 'ruleset');
    await one.run('iptables', '-P', 'FORWARD', 'DROP');
    await one.run('iptables', '-N', 'DOCKER-USER');
    await one.run('iptables', '-A', 'FORWARD', '-j', 'DOCKER-USER');
    await one.run('ip', 'link', 'del', 'tutti0');
    await until(
      'the page again',
      () => ask(tasks.asker, 'tcp', '10.128.1.20', 80),
      (text) => text === 'webtask 10.128.1.10',
      { deadlineMs: 15_000 },
    );
    await until(
      'the port',
      () => lab.ask('tcp', one.address, '8080'),
      (text) => text === `webtask ${lab.outside}`,
    );
  });

  // The last one: what it is refused uses up what the kernel says of refusals in a second, and others wait for that.
  test('UDP flows outlive a cut link, and leave a task that is lost with it, or that ended while the agent was dead', async () => {
    const [one, two, three] = nodes;
    const vip = '10.128.1.102';
    const second: LabTask = {
      ...tasks.web,
      id: 'web3',
      node: three,
      addresses: { [front.id]: '10.128.1.24', [ingress.id]: '10.128.0.24' },
    };
    const left: LabState = { ...state, vips: [{ service: 'web', network: front.id, address: vip }] };
    const both: LabState = { ...left, tasks: [...state.tasks, second] };
    await tellAll(nodes, both);
    await startTask(second, 80);
    const ways = [
      async (kind: string) => JSON.parse(await ask(tasks.asker, kind, vip, 80)) as Answers,
      async (kind: string) => JSON.parse(await lab.ask(kind, one.address, '8080')) as Answers,
    ];
    for (const way of ways) {
      await way('open');
      const { names } = await way('answers');
      assert.deepEqual(names, ['web3', 'webtask'], 'two dozen flows are with both');
    }
    const answered = async (what: string, is: (answers: Answers) => boolean): Promise<void> => {
      for (const way of ways) await until(what, async () => await way('answers'), is, { deadlineMs: 10_000 });
    };
    const byAll = ({ silent, names }: Answers): boolean => silent === 0 && names.length === 2;
    const byOne = ({ silent, names }: Answers): boolean => silent === 0 && names.join() === 'webtask';
    const byOneSome = ({ silent, names }: Answers): boolean => silent > 0 && names.join() === 'webtask';
    const cut = 'add table inet cut; add chain inet cut in { type filter hook input priority raw; iifname eth0 drop; }';
    await three.run('nft', cut);
    await answered('flows over the cut link to be silent', byOneSome);
    await three.run('nft', 'delete table inet cut');
    await answered('the same flows to be answered again', byAll);
    await three.run('nft', cut);
    // As the manager tells it, when it has missed the node.
    const lost: LabState = { ...left, tasks: [...state.tasks, { ...second, ready: false }] };
    await tellAll([one, two], lost, nodes);
    await answered('all flows to be with the task that is reached', byOne);
    await three.run('nft', 'delete table inet cut');
    await tellAll(nodes, both);
    for (const way of ways) {
      assert.deepEqual((await way('close')).names, ['webtask'], 'they stay where they are');
      assert.deepEqual((await way('open')).silent, 0);
      assert.deepEqual((await way('answers')).names, ['web3', 'webtask'], 'new ones are with both');
    }
    await one.killAgent();
    await stopTask(second);
    await tellAll([two, three], left, nodes);
    await answered('flows of the task that is gone to be silent', byOneSome);
    one.startAgent();
    await one.tell({ do: 'known' });
    await tellAll(nodes, left);
    await answered('all flows to be with the task that is left', byOne);
    for (const way of ways) await way('close');
    await tellAll(nodes, state);
  });
});
