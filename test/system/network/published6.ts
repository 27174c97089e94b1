import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, sixthOf, startTask, stopTask, tellAll } from './cluster.ts';
import type { LabNetwork, LabPublish, LabState, LabTask } from './cluster.ts';
import { sixthAddress } from '../../../src/dev/subnet.ts';
import type { Lab, LabNode } from './lab.ts';
import { sctpInit, sendRaw } from './sctp.ts';

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 9, ingress: true, dual: true };

/** Two nodes with IPv6 addresses, and a task on another network with IPv6 on each. */
export interface PublishedLab6 {
  readonly lab: Lab;
  readonly nodes: readonly [LabNode, LabNode];
  readonly askers: readonly [LabTask, LabTask];
  readonly state: LabState;
}

const publish = (protocol: LabPublish['protocol'], published: number, more: Partial<LabPublish> = {}): LabPublish => ({
  protocol,
  published,
  target: 80,
  service: 'site',
  network: ingress.id,
  ...more,
});

/** As `--publish 8090-8093:80` makes them. */
const range = [8090, 8091, 8092, 8093];

/** Published ports at the nodes' IPv6 addresses: the only task is on the second node. */
export function publishedPort6Tests(given: () => PublishedLab6): void {
  const site = (): LabTask => ({
    id: 'site',
    service: 'site',
    node: given().nodes[1],
    addresses: { [ingress.id]: `10.128.${ingress.index}.20` },
  });
  const withPublishes = (...publishes: LabPublish[]): LabState => {
    const { state } = given();
    return { ...state, networks: [...state.networks, ingress], tasks: [...state.tasks, site()], publishes };
  };

  test('a published port answers at the IPv6 addresses of every node, and the container sees the client', async () => {
    const { lab, nodes, askers } = given();
    const [one, two] = nodes;
    const state = withPublishes(
      publish('tcp', 8080),
      publish('udp', 8080),
      publish('tcp', 8081, { service: 'nobody' }),
      publish('tcp', 8082, { address: sixthAddress(one.address) }),
      publish('tcp', 8083, { tasks: 'local' }),
      publish('tcp', 8084, { address: '0.0.0.0' }),
      publish('tcp', 8085, { address: '::' }),
      publish('sctp', 8086),
      ...range.flatMap((port) => [publish('tcp', port), publish('udp', port)]),
    );
    await tellAll(nodes, state);
    await startTask(site(), 80, state.networks);
    for (const { name, address } of nodes) {
      const at = sixthAddress(address);
      assert.equal(await lab.ask('tcp', at, '8080'), `site ${sixthAddress(lab.outside)}`, name);
      assert.equal(await lab.ask('udp', at, '8080'), `site ${sixthAddress(lab.outside)}`, name);
      assert.equal(await lab.ask('tcp', at, '8081'), 'error ECONNREFUSED', name);
      assert.equal(await lab.ask('tcp', at, '8084'), 'error ECONNREFUSED', name);
      assert.equal(await lab.ask('tcp', at, '8085'), `site ${sixthAddress(lab.outside)}`, name);
      assert.equal(await lab.ask('tcp', address, '8084'), `site ${lab.outside}`, name);
      assert.equal(await lab.ask('tcp', address, '8085'), 'error ECONNREFUSED', name);
      for (const port of range) {
        for (const protocol of ['tcp', 'udp']) {
          assert.equal(await lab.ask(protocol, at, String(port)), `site ${sixthAddress(lab.outside)}`, `${port}`);
        }
      }
      // From the nodes themselves, the task's own among them, and from containers on either.
      for (const from of [...nodes, ...askers]) {
        assert.match(await ask(from, 'tcp', at, 8080), /^site /, `${from === one ? 'one' : 'another'} by ${name}`);
        assert.match(await ask(from, 'udp', at, 8080), /^site /);
      }
      assert.match(await ask(site(), 'tcp', at, 8080), /^site /, 'the task itself');
    }
    assert.equal(await ask(one, 'tcp', sixthAddress(two.address), 8080), `site ${sixthAddress(one.address)}`);
    assert.equal(await ask(one, 'tcp', '::1', 8080), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', sixthAddress(one.address), '8082'), `site ${sixthAddress(lab.outside)}`);
    assert.equal(await lab.ask('tcp', one.address, '8082'), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', sixthAddress(two.address), '8082'), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', sixthAddress(one.address), '8083'), 'error ECONNREFUSED');
    assert.equal(await lab.ask('tcp', sixthAddress(two.address), '8083'), `site ${sixthAddress(lab.outside)}`);
    await sendRaw(sixthAddress(one.address), sctpInit(40_556, 8086));
    const flow = (await two.run('conntrack', '-L', '-f', 'ipv6', '-p', 'sctp'))
      .split('\n')
      .find((line) => line.includes('dport=80'));
    const [client, task] = [sixthAddress(lab.outside), sixthOf(ingress, `10.128.${ingress.index}.20`)];
    assert.match(flow ?? '', new RegExp(`src=${client} dst=${task} sport=40556 dport=80`));
    await stopTask(site());
    await tellAll(nodes, given().state);
  });
}
