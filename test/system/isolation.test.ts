import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as packet from 'dns-packet';
import { until } from '../support/until.ts';
import { capture } from './network/capture.ts';
import { arp, dhcpOffer, frameSender, neighbourAdvert, redirect, routerAdvert, udp, udp6 } from './network/frames.ts';
import { ask, sixthOf, startTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';

const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1, dual: true };
const back: LabNetwork = { id: 'back000000000000000000001', name: 'back', index: 2, dual: true };

/** Of a task of `front` on the other node, which does not run. */
const ghostly = '10.128.1.30';

const hostile = fileURLToPath(new URL('network/hostile.ts', import.meta.url));

/**
 * Someone with every right inside of a container on `front` (NET_ADMIN, NET_RAW) tries to reach, or to be heard by, tasks on
 * `back`; and someone outside, on the wire between the nodes.
 */
suite('breaking in', { timeout: 240_000 }, () => {
  let lab: Lab;
  let nodes: readonly [LabNode, LabNode];
  let burglar: LabTask;
  let friend: LabTask;
  /** On the burglar's network and node. */
  let mate: LabTask;
  let victims: readonly [LabTask, LabTask];

  /** As root inside of the container's network. */
  const inside = async (task: LabTask, ...argv: string[]): Promise<string> => {
    const process = await task.node.docker('inspect', '-f', '{{.State.Pid}}', task.id);
    return await task.node.run('nsenter', '-t', process, '-n', ...argv);
  };
  const addressOf = (task: LabTask): string => Object.values(task.addresses)[0] ?? '';
  const sixth = (task: LabTask): string =>
    sixthOf(task.addresses[front.id] === undefined ? back : front, addressOf(task)) ?? '';
  const isRefused = async (from: LabTask | LabNode, ...asked: (string | number)[]): Promise<void> =>
    assert.match(await ask(from, ...asked), /^error/, asked.join(' '));
  /** Whether the victim's own wire shows anything from the address while the work is done. */
  const hears = async (victim: LabTask, text: string, work: () => Promise<unknown>): Promise<boolean> => {
    const process = await victim.node.docker('inspect', '-f', '{{.State.Pid}}', victim.id);
    const wire = { ...victim.node, inside: (...argv: string[]) => ['nsenter', '-t', process, '-n', ...argv] };
    const heard = await capture(wire, undefined, async () => void (await work()));
    return heard.text.includes(text);
  };

  /** What the burglar does to a resolver; see hostile.ts. */
  const means = async (kind: string, server: string, argument: string): Promise<string> =>
    await inside(burglar, process.execPath, hostile, kind, server, argument);

  before(async () => {
    lab = await startLab('burglar', 2);
    nodes = lab.nodes as unknown as typeof nodes;
    const [one, two] = nodes;
    burglar = { id: 'burglar', service: 'burglar', node: one, addresses: { [front.id]: '10.128.1.10' } };
    friend = { id: 'friend', service: 'friend', node: two, addresses: { [front.id]: '10.128.1.20' } };
    mate = { id: 'mate', service: 'mate', node: one, addresses: { [front.id]: '10.128.1.11' } };
    victims = [
      { id: 'near', service: 'near', node: one, addresses: { [back.id]: '10.128.2.10' } },
      { id: 'far', service: 'far', node: two, addresses: { [back.id]: '10.128.2.20' } },
    ];
    const state: LabState = { networks: [front, back], tasks: [burglar, friend, mate, ...victims] };
    const ghost: LabTask = { ...friend, id: 'ghost', service: 'ghost', addresses: { [front.id]: ghostly } };
    await tellAll(nodes, { ...state, tasks: [...state.tasks, ghost] });
    for (const task of state.tasks) await startTask(task, 80, state.networks);
    for (const node of nodes) await node.tell({ do: 'check' });
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('by address, TCP and UDP, on the same node and on the other', async () => {
    assert.equal(await ask(burglar, 'tcp', addressOf(friend), 80), 'friend 10.128.1.10', 'the own network is open');
    for (const victim of victims) {
      await isRefused(burglar, 'tcp', addressOf(victim), 80);
      await isRefused(burglar, 'udp', addressOf(victim), 80);
    }
  });

  test('in IPv6: by address, TCP and UDP; the own network is open', async () => {
    assert.equal(await ask(burglar, 'tcp', sixth(friend), 80), 'friend fd00:1::a');
    for (const victim of victims) {
      await isRefused(burglar, 'tcp', sixth(victim), 80);
      await isRefused(burglar, 'udp', sixth(victim), 80);
    }
  });

  test('by an address that is not its own: nothing of it is heard, neither in its own network', async () => {
    const [near, far] = victims;
    for (const [stolen, whom, to] of [
      [`${ghostly}/32`, friend, addressOf(friend)],
      [`${sixthOf(front, ghostly)}/128`, friend, sixth(friend)],
      ['fd00:2::77/128', near, sixth(near)],
      ['fd00:2::77/128', far, sixth(far)],
    ] as const) {
      await inside(burglar, 'ip', 'addr', 'add', stolen, 'dev', 'eth0', ...(stolen.includes(':') ? ['nodad'] : []));
      const [from = ''] = stolen.split('/');
      const heard = await hears(whom, 'forged', async () => {
        const words = [...pingWith('forged'), '-I', from, to];
        await inside(burglar, ...words).catch(() => undefined);
      });
      assert.equal(heard, false, `${whom.id} from ${from}`);
      await inside(burglar, 'ip', 'addr', 'del', stolen, 'dev', 'eth0');
    }
  });

  test('by an address of their network that it gives itself: nothing of it is heard', async () => {
    const stolen = '10.128.2.77';
    await inside(burglar, 'ip', 'addr', 'add', `${stolen}/24`, 'dev', 'eth0');
    try {
      // A friend on its own network hears what it says: the test can fail.
      const words = [...pingWith('openly'), addressOf(friend)];
      assert.equal(await hears(friend, 'openly', async () => await inside(burglar, ...words)), true);
      for (const victim of victims) {
        const heard = await hears(victim, 'forged', async () => {
          await inside(burglar, ...pingWith('forged'), '-I', stolen, addressOf(victim)).catch(() => undefined);
        });
        assert.equal(heard, false, victim.id);
      }
    } finally {
      await inside(burglar, 'ip', 'addr', 'del', `${stolen}/24`, 'dev', 'eth0');
    }
  });

  test('by gateways and nodes as its routers', async () => {
    for (const router of ['10.128.1.1', '10.128.2.1', nodes[0].address, nodes[1].address, '100.127.0.2']) {
      await inside(burglar, 'ip', 'route', 'replace', '10.128.2.0/24', 'via', router, 'dev', 'eth0', 'onlink');
      for (const victim of victims) await isRefused(burglar, 'tcp', addressOf(victim), 80);
    }
    await inside(burglar, 'ip', 'route', 'del', '10.128.2.0/24');
  });

  test("by the victim's MAC address, straight over the bridge", async () => {
    const [near] = victims;
    const mac = (await inside(near, 'cat', '/sys/class/net/eth0/address')).trim();
    await inside(burglar, 'ip', 'neigh', 'replace', addressOf(near), 'lladdr', mac, 'dev', 'eth0', 'nud', 'permanent');
    await inside(burglar, 'ip', 'route', 'replace', `${addressOf(near)}/32`, 'dev', 'eth0');
    await isRefused(burglar, 'tcp', addressOf(near), 80);
    await inside(burglar, 'ip', 'route', 'del', `${addressOf(near)}/32`);
  });

  suite('as someone else on its own bridge', () => {
    const gateway = '10.128.1.1';
    let own: string;
    let matesMac: string;
    let bridgeMac: string;
    let send: (...frames: readonly Buffer[]) => Promise<unknown>;
    const macOf = async (task: LabTask): Promise<string> => {
      const [link] = JSON.parse(await inside(task, 'ip', '-j', 'link', 'show', 'eth0')) as [{ address: string }];
      return link.address;
    };
    /** The MAC address that someone has for a neighbour. */
    const knownTo = async (who: LabTask | LabNode, device: string, address: string): Promise<string | undefined> => {
      const argv = ['ip', '-j', 'neigh', 'show', address, 'dev', device];
      const rows = await ('service' in who ? inside(who, ...argv) : who.run(...argv));
      return (JSON.parse(rows) as { lladdr?: string }[])[0]?.lladdr;
    };
    const reachesMate = async (): Promise<void> =>
      assert.deepEqual(
        [await ask(friend, 'tcp', addressOf(mate), 80), await ask(friend, 'tcp', sixth(mate), 80)],
        ['mate 10.128.1.20', 'mate fd00:1::14'],
      );

    before(async () => {
      [own, matesMac] = [await macOf(burglar), await macOf(mate)];
      const bridges = await nodes[0].run('ip', '-j', 'link', 'show', 'tutti0-front000');
      [{ address: bridgeMac }] = JSON.parse(bridges) as [{ address: string }];
      const [{ ifindex }] = JSON.parse(await inside(burglar, 'ip', '-j', 'link', 'show', 'eth0')) as [
        { ifindex: number },
      ];
      send = frameSender(async (...argv) => await inside(burglar, ...argv), ifindex);
      await until(
        'its port to be guarded',
        async () => await nodes[0].run('nft', 'list', 'table', 'bridge', 'tutti_guard'),
        (text) => text.includes(own) && text.includes(matesMac),
        { deadlineMs: 10_000 },
      );
    });

    test('what it may say is heard: its own datagrams, and what looks for a DHCP server', async () => {
      assert.equal(await ask(burglar, 'tcp', addressOf(mate), 80), 'mate 10.128.1.10');
      assert.equal(await ask(burglar, 'tcp', sixth(mate), 80), 'mate fd00:1::a');
      const discover = udp({ mac: own, from: '0.0.0.0:68', to: '255.255.255.255:67', text: 'discover' });
      assert.equal(await hears(mate, 'discover', async () => await send(discover)), true);
    });

    test("another's addresses are not its own for the node, and the gateway's not for others", async () => {
      const [one] = nodes;
      await ask(mate, 'tcp', addressOf(burglar), 80);
      await reachesMate();
      await send(
        arp({ mac: own, says: addressOf(mate), to: addressOf(mate) }),
        arp({ mac: own, says: addressOf(mate), to: gateway, toMac: bridgeMac }),
        arp({ mac: own, says: gateway, to: '192.0.2.1' }),
        arp({ mac: own, says: gateway, to: addressOf(mate), toMac: matesMac }),
        neighbourAdvert({ mac: own, from: sixth(burglar), says: sixth(mate), toMac: bridgeMac, to: 'fd00:1::1' }),
      );
      assert.equal(await knownTo(one, 'tutti0-front000', addressOf(mate)), matesMac);
      assert.equal(await knownTo(one, 'tutti0-front000', sixth(mate)), matesMac);
      assert.equal(await knownTo(mate, 'eth0', gateway), bridgeMac);
      await reachesMate();
    });

    test("another's MAC address brings it nothing", async () => {
      const stolen = udp({ mac: matesMac, from: `${addressOf(burglar)}:9`, to: '255.255.255.255:9', text: 'stolen' });
      await send(stolen);
      const rows = JSON.parse(await nodes[0].run('bridge', '-j', 'fdb', 'show', 'br', 'tutti0-front000')) as {
        mac: string;
        ifname: string;
      }[];
      const port = (mac: string) => rows.filter((row) => row.mac === mac).map(({ ifname }) => ifname);
      assert.notDeepEqual(port(matesMac), port(own));
      await reachesMate();
    });

    test('nothing is heard of datagrams from other addresses, orders of a router, and answers of a DHCP server', async () => {
      const to = { mac: own, toMac: matesMac };
      const frames: Readonly<Record<string, readonly [LabTask, Buffer]>> = {
        'as the gateway': [mate, udp({ ...to, from: `${gateway}:53`, to: `${addressOf(mate)}:9`, text: 'forged' })],
        'as a task': [
          friend,
          udp({
            mac: own,
            toMac: bridgeMac,
            from: `${addressOf(mate)}:9`,
            to: `${addressOf(friend)}:9`,
            text: 'forged',
          }),
        ],
        'as a task, by IPv6': [
          friend,
          udp6({ mac: own, toMac: bridgeMac, from: sixth(mate), to: sixth(friend), port: 9, text: 'forged' }),
        ],
        redirect: [mate, redirect({ ...to, from: addressOf(burglar), to: addressOf(mate), text: 'forged' })],
        offer: [mate, dhcpOffer({ mac: own, from: addressOf(burglar), text: 'forged' })],
        'router advertisement': [mate, routerAdvert({ mac: own, text: 'forged' })],
      };
      for (const [what, [whom, frame]] of Object.entries(frames)) {
        assert.equal(await hears(whom, 'forged', async () => await send(frame)), false, what);
      }
      assert.doesNotMatch(await inside(mate, 'ip', '-6', 'route', 'show', 'default'), /fe80::bad/);
    });

    test('the rules wiped are put back, and go with the container', async () => {
      const [one] = nodes;
      await one.run('nft', 'delete', 'table', 'bridge', 'tutti_guard');
      const rules = async () => await one.run('nft', 'list', 'table', 'bridge', 'tutti_guard').catch(() => '');
      await until('the rules', rules, (text) => text.includes(own), { deadlineMs: 20_000 });
      await one.docker('kill', mate.id);
      await until('no rules of one that ended', rules, (text) => !text.includes(matesMac), { deadlineMs: 10_000 });
    });
  });

  test('with an overlay device of its own: the nodes take none from a container', async () => {
    const [one, two] = nodes;
    const show = JSON.parse(await two.run('ip', '-j', '-d', 'link', 'show', 'tutti0')) as [
      { address: string; linkinfo: { info_data: { id: number } } },
    ];
    const [{ address: mac, linkinfo }] = show;
    const vni = String(linkinfo.info_data.id);
    const device = ['ip', 'link', 'add', 'vx', 'type', 'vxlan', 'id', vni, 'dstport', '4797', 'remote', two.address];
    await inside(burglar, ...device);
    await inside(burglar, 'ip', 'addr', 'add', '100.127.0.99/24', 'dev', 'vx');
    await inside(burglar, 'ip', 'link', 'set', 'vx', 'up');
    await inside(burglar, 'ip', 'neigh', 'replace', '100.127.0.2', 'lladdr', mac, 'dev', 'vx', 'nud', 'permanent');
    const far = addressOf(victims[1]);
    await inside(burglar, 'ip', 'route', 'replace', `${far}/32`, 'via', '100.127.0.2', 'dev', 'vx', 'onlink');
    try {
      const heard = await hears(victims[1], 'tunnel', async () => {
        const words = [...pingWith('tunnel'), far];
        await inside(burglar, ...words).catch(() => undefined);
      });
      assert.equal(heard, false, `from ${one.name}, as its container`);
    } finally {
      await inside(burglar, 'ip', 'link', 'del', 'vx');
    }
  });

  test("with one in the other node's name: nor does its own node take any, from whichever network of its", async () => {
    const [one, two] = nodes;
    const show = JSON.parse(await one.run('ip', '-j', '-d', 'link', 'show', 'tutti0')) as [
      { address: string; linkinfo: { info_data: { id: number } } },
    ];
    const [{ address: mac, linkinfo }] = show;
    const [near] = victims;
    // One on a network of the engine's own, too: no rule of a network of ours is about it.
    await one.docker('run', '-d', '--name', 'stranger', 'tiny:1');
    const stranger: LabTask = { id: 'stranger', service: 'stranger', node: one, addresses: {} };
    for (const from of [burglar, stranger]) {
      const words = ['dev', 'vx', 'type', 'vxlan', 'id', String(linkinfo.info_data.id), 'dstport', '4797'];
      await inside(from, 'ip', 'addr', 'add', `${two.address}/32`, 'dev', 'eth0');
      await inside(from, 'ip', 'link', 'add', ...words, 'local', two.address, 'remote', one.address);
      await inside(from, 'ip', 'addr', 'add', '100.127.0.99/24', 'dev', 'vx');
      await inside(from, 'ip', 'link', 'set', 'vx', 'up');
      await inside(from, 'ip', 'neigh', 'replace', '100.127.0.1', 'lladdr', mac, 'dev', 'vx', 'nud', 'permanent');
      await inside(
        from,
        'ip',
        'route',
        'replace',
        `${addressOf(near)}/32`,
        'via',
        '100.127.0.1',
        'dev',
        'vx',
        'onlink',
      );
      // As a task of the victim's network on the other node would say it.
      await inside(from, 'ip', 'addr', 'add', '10.128.2.66/32', 'dev', 'vx');
      const heard = await hears(near, 'inward', async () => {
        const ping = [...pingWith('inward'), '-I', '10.128.2.66', addressOf(near)];
        await inside(from, ...ping).catch(() => undefined);
      });
      assert.equal(heard, false, from.id);
      await inside(from, 'ip', 'link', 'del', 'vx');
      await inside(from, 'ip', 'addr', 'del', `${two.address}/32`, 'dev', 'eth0');
    }
  });

  test("names: another network's are not told, whomever it asks", async () => {
    for (const server of ['127.0.0.11', '10.128.1.1', '10.128.2.1']) {
      assert.match(await ask(burglar, 'dns', 'A', 'near', server), /^error/, server);
    }
  });

  test("names: another network's are found in time, whatever the resolver is asked, and sent, and held up with", async () => {
    const [near] = victims;
    const name = `[${JSON.stringify(addressOf(near))}]`;
    let over = false;
    const storm = means('storm', '10.128.1.1', '1000').finally(() => (over = true));
    for (let asked = 0; asked < 3 || !over; asked += 1) {
      assert.equal(await ask(near, 'dns', 'A', 'near', '10.128.2.1'), name);
    }
    await storm;
  });

  test('names: what one was told of a name that only looks like it, others are not', async () => {
    const [near] = victims;
    const upstream = createSocket('udp4');
    await new Promise<void>((resolve) => upstream.bind(53, lab.outside, resolve));
    upstream.on('message', (message, { address, port }) => {
      const { id = 0, questions = [] } = packet.decode(message);
      const isOneLabel = message[12] === 'bank.example'.length;
      const soa = { mname: 'a', rname: 'b', serial: 1, refresh: 60, retry: 60, expire: 60, minimum: 60 };
      const none = { flags: 3, authorities: [{ type: 'SOA' as const, name: '.', ttl: 60, data: soa }] };
      const found = { answers: [{ type: 'A' as const, name: 'bank.example', ttl: 60, data: '192.0.2.7' }] };
      const answer = packet.encode({ type: 'response', id, questions, ...(isOneLabel ? none : found) });
      // Encoded anew the name has two labels.
      upstream.send(
        Buffer.concat([answer.subarray(0, 12), message.subarray(12, 26), answer.subarray(26)]),
        port,
        address,
      );
    });
    try {
      await nodes[0].run('sh', '-c', `echo nameserver ${lab.outside} > /etc/resolv.conf`);
      assert.equal((await means('label', '10.128.1.1', 'bank.example')).at(7), '3', 'there is none');
      assert.equal(await ask(near, 'dns', 'A', 'bank.example', '10.128.2.1'), '["192.0.2.7"]');
    } finally {
      upstream.close();
    }
  });

  test('the kernel state wiped piece by piece: the walls are back, and so are the ways', async () => {
    const [one] = nodes;
    const wipes: readonly (readonly string[])[] = [
      ['nft', 'delete', 'table', 'ip', 'tutti'],
      ['ip', 'route', 'del', addressOf(friend)],
      ['ip', 'neigh', 'flush', 'dev', 'tutti0', 'nud', 'permanent'],
      ['ip', 'link', 'set', 'tutti0', 'down'],
    ];
    for (const wipe of wipes) {
      await one.run(...wipe);
      await until(
        `the way after ${wipe.join(' ')}`,
        async () => await ask(burglar, 'tcp', addressOf(friend), 80),
        (text) => text === 'friend 10.128.1.10',
        { deadlineMs: 30_000 },
      );
      await until(
        `the wall after ${wipe.join(' ')}`,
        async () => await ask(burglar, 'tcp', addressOf(victims[0]), 80),
        (text) => text.startsWith('error'),
        { deadlineMs: 30_000 },
      );
    }
  });
});

/** A ping that says this in its packets. */
const pingWith = (text: string): readonly string[] => {
  const pattern = Buffer.from(text).toString('hex');
  return ['ping', '-c', '2', '-i', '0.2', '-W', '1', '-p', pattern];
};
