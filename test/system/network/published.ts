import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/until.ts';
import { ask, startTask, stopTask, tellAll } from './cluster.ts';
import type { LabPublish, LabState, LabTask } from './cluster.ts';
import type { Lab, LabNode } from './lab.ts';
import { sctpInit, sendRaw } from './sctp.ts';

/** Three nodes: tasks of their own network on the first (`asker`) and the second (`store`), the published one (`web`) on the second. */
export interface PublishedLab {
  readonly lab: Lab;
  readonly nodes: readonly [LabNode, LabNode, LabNode];
  readonly tasks: Readonly<Record<'asker' | 'store' | 'web', LabTask>>;
  readonly state: LabState;
  readonly publish: (protocol: LabPublish['protocol'], published: number, service: string) => LabPublish;
}

/** Tests of how published ports are served. */
export function publishedPortTests(given: () => PublishedLab): void {
  const withPublishes = async (...publishes: readonly LabPublish[]): Promise<void> => {
    const { nodes, state } = given();
    await tellAll(nodes, { ...state, publishes });
  };

  test('a port at an address answers there alone', async () => {
    const { lab, nodes, tasks, state, publish } = given();
    const [one, two, three] = nodes;
    const loopback = { ...publish('tcp', 8091, 'web'), address: '127.0.0.1' };
    const bound = { ...publish('tcp', 8090, 'web'), address: one.address };
    await withPublishes(
      bound,
      loopback,
      { ...publish('udp', 8090, 'web'), address: one.address },
      { ...bound, address: two.address, service: 'nobody' },
      { ...bound, published: 8092, service: 'nobody', unserved: 'drop' },
    );
    // Silence takes its time.
    const dropped = lab.ask('tcp', one.address, '8092');
    assert.equal(await lab.ask('tcp', one.address, '8090'), `webtask ${lab.outside}`);
    assert.equal(await lab.ask('udp', one.address, '8090'), `webtask ${lab.outside}`);
    assert.match(await ask(three, 'tcp', one.address, 8090), /^webtask /);
    assert.match(await ask(tasks.store, 'tcp', one.address, 8090), /^webtask /, 'from a container');
    assert.equal(await ask(one, 'tcp', '127.0.0.1', 8090), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', two.address, '8090'), 'error ECONNREFUSED', 'another service, without a task');
    assert.equal(await lab.ask('tcp', three.address, '8090'), 'error ECONNREFUSED', 'not published there');
    for (const node of nodes) {
      assert.match(await ask(node, 'tcp', '127.0.0.1', 8091), /^webtask /, `${node.name} by loopback`);
      assert.equal(await lab.ask('tcp', node.address, '8091'), 'error ECONNREFUSED', `${node.name} from outside`);
    }
    assert.equal(await lab.ask('tcp', two.address, '8092'), 'error ECONNREFUSED', 'dropped at its address alone');
    assert.equal(await dropped, 'error TIMEOUT');
    await tellAll(nodes, state);
  });

  test("a node gives connections to its own tasks alone, or first, and others' clients are seen as they are", async () => {
    const { lab, nodes, tasks, state, publish } = given();
    const [one, two, three] = nodes;
    const far: LabTask = {
      ...tasks.web,
      id: 'farweb',
      node: three,
      addresses: { [publish('tcp', 1, '').network]: '10.128.0.31' },
    };
    const local = { ...publish('tcp', 8093, 'web'), tasks: 'local' } as const;
    const near = { ...publish('tcp', 8094, 'web'), tasks: 'near' } as const;
    const publishes = [
      local,
      { ...local, protocol: 'udp' } as const,
      near,
      { ...local, published: 8095, unserved: 'drop' } as const,
    ];
    const both = { ...state, publishes, tasks: [...state.tasks, far] };
    await tellAll(nodes, both);
    await startTask(far, 80);
    const dropped = lab.ask('tcp', one.address, '8095');
    for (const [node, name] of [
      [two, 'webtask'],
      [three, 'farweb'],
    ] as const) {
      for (const port of ['8093', '8094', '8095']) {
        for (let i = 0; i < 4; i += 1)
          assert.equal(await lab.ask('tcp', node.address, port), `${name} ${lab.outside}`, `${node.name}:${port}`);
      }
      assert.equal(await lab.ask('udp', node.address, '8093'), `${name} ${lab.outside}`);
      assert.ok((await ask(node, 'tcp', node.address, 8093)).startsWith(name), 'from the node itself');
      assert.ok((await ask(node, 'tcp', '127.0.0.1', 8093)).startsWith(name), 'by loopback');
      for (const from of [tasks.asker, tasks.store, tasks.web])
        assert.ok((await ask(from, 'tcp', node.address, 8093)).startsWith(name), `from the container ${from.id}`);
    }
    assert.equal(await lab.ask('tcp', one.address, '8093'), 'error ECONNREFUSED');
    assert.equal(await lab.ask('udp', one.address, '8093'), 'error ECONNREFUSED');
    assert.equal(await ask(one, 'tcp', '127.0.0.1', 8093), 'error ECONNREFUSED');
    assert.match(await lab.ask('tcp', one.address, '8094'), /^(webtask|farweb) /, 'none near: any');
    assert.equal(await dropped, 'error TIMEOUT');
    // A node whose last task leaves is out of use at once.
    await tellAll(nodes, { ...state, publishes, tasks: [...state.tasks, { ...far, ready: false }] });
    assert.equal(await lab.ask('tcp', three.address, '8093'), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', three.address, '8094'), `webtask ${lab.outside}`);
    await stopTask(far);
    await tellAll(nodes, state);
  });

  test('datagrams in several pieces, and a narrow way back, are no hindrance', async () => {
    const { lab, nodes, state, publish } = given();
    const [one, , three] = nodes;
    await withPublishes(publish('udp', 8096, 'web'), { ...publish('tcp', 8097, 'web'), target: 81 });
    assert.equal(await lab.ask('large', one.address, '8096', '4000'), `webtask ${lab.outside} 4000`);
    // In one piece, with "do not fragment", and larger than the overlay takes: the client is told, and asks again.
    await until(
      'a datagram of the whole MTU',
      () => lab.ask('large', one.address, '8096', '1460'),
      (text) => text === `webtask ${lab.outside} 1460`,
    );
    await three.docker('run', '-d', '--name', 'narrow', 'tiny:1');
    await three.run('ip', 'link', 'set', 'docker0', 'mtu', '1300');
    try {
      await three.party('narrow');
      const silence = Number(await three.ask('narrow', 'hold', one.address, '8097', '1500'));
      assert.ok(silence < 1_000, `silent for ${silence} ms: the task did not hear of the MTU`);
    } finally {
      await three.docker('rm', '-f', 'narrow');
      await three.run('ip', 'link', 'set', 'docker0', 'mtu', '1500');
    }
    await tellAll(nodes, state);
  });

  test('SCTP is published as well, with the address of the client', async () => {
    const { lab, nodes, state, publish } = given();
    const [one, two] = nodes;
    await withPublishes(publish('sctp', 8098, 'web'));
    await sendRaw(one.address, sctpInit(40_555, 8098));
    const flow = (await two.run('conntrack', '-L', '-p', 'sctp')).split('\n').find((line) => line.includes('dport=80'));
    assert.match(flow ?? '', new RegExp(`src=${lab.outside} dst=10\\.128\\.0\\.20 sport=40555 dport=80`));
    await tellAll(nodes, state);
  });
}
