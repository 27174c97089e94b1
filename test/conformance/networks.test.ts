import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemExec } from '../../src/platform/exec.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { killAllDaemons } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { until } from '../support/until.ts';

let cluster: TestCluster;

const docker = async (...args: readonly string[]): Promise<string> => (await cluster.docker(...args)).trim();

/** How a command that has to fail ends: its code and what it said. */
const refused = async (...args: readonly string[]): Promise<string> => {
  const { code, stderr } = await cluster.tryDocker(...args);
  assert.notEqual(code, 0, `docker ${args.join(' ')}`);
  return stderr;
};

/** A container that sleeps, on a node. */
const runOn = async (node: string, name: string, ...options: readonly string[]): Promise<string> =>
  await docker('run', '-d', '--name', name, '-e', `constraint:node==${node}`, ...options, tinyTag);

const pings = async (from: string, to: string): Promise<boolean> =>
  (await cluster.tryDocker('exec', from, 'ping', '-c', '1', '-W', '1', to)).code === 0;

const reaches = async (from: string, to: string): Promise<void> => {
  await until(`${from} to reach ${to}`, async () => await pings(from, to), Boolean, { deadlineMs: 10_000 });
};
/** What is asked before goes to servers that these nodes do not reach, and waits for them. */
const isLed = async (container: string): Promise<void> => {
  await until(
    `${container} to be led to its resolver`,
    async () => {
      const pid = await docker('inspect', container, '--format', '{{.State.Pid}}');
      return (await systemExec('nsenter', ['-t', pid, '-n', 'nft', 'list', 'table', 'ip', 'tutti_names'])).code;
    },
    (code) => code === 0,
    { deadlineMs: 20_000 },
  );
};
const losesSight = async (from: string, to: string): Promise<void> => {
  await until(
    `${from} to lose ${to}`,
    async () => await pings(from, to),
    (yes) => !yes,
    { deadlineMs: 10_000 },
  );
};

const addressOf = async (container: string, network: string): Promise<string> =>
  await docker('inspect', container, '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`);

const names = async (...filters: readonly string[]): Promise<readonly string[]> => {
  const text = await docker('network', 'ls', '--format', '{{.Name}}', ...filters.flatMap((each) => ['--filter', each]));
  return text === '' ? [] : text.split('\n').toSorted();
};

before(async () => {
  cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
});
after(async () => await cluster[Symbol.asyncDispose]());

describe('networks of the cluster', { concurrency: false }, () => {
  test('containers on two nodes meet by name, alias and id on a network that was made without a word about nodes', async () => {
    const id = await docker('network', 'create', '--label', 'tier=front', 'front');
    const [left, right] = [
      await runOn('node1', 'left', '--network', 'front'),
      await runOn('node2', 'right', '--network', 'front', '--network-alias', 'www'),
    ];
    for (const name of ['right', 'www', right.slice(0, 12)]) await reaches('left', name);
    await reaches('right', 'left');
    const [node, networkId] = (
      await docker(
        'inspect',
        'right',
        '--format',
        '{{.HostConfig.NetworkMode}} {{(index .NetworkSettings.Networks "front").NetworkID}}',
      )
    ).split(' ');
    assert.deepEqual([node, networkId], ['front', id]);
    const inside = JSON.parse(
      await docker('network', 'inspect', 'front', '--format', '{{json .Containers}}'),
    ) as object;
    assert.deepEqual(Object.keys(inside).toSorted(), [left, right].toSorted());
    assert.equal(await docker('network', 'inspect', 'front', '--format', '{{.Driver}} {{.Scope}}'), 'bridge local');
  });

  test('an alias that several have leads to all of them, from every node', async () => {
    await runOn('node3', 'third', '--network', 'front', '--network-alias', 'www');
    const [one, two] = [await addressOf('right', 'front'), await addressOf('third', 'front')];
    for (const from of ['left', 'right', 'third']) {
      const both = async () => await docker('exec', from, 'nslookup', 'www');
      await until(`both behind www from ${from}`, both, (text) => text.includes(one) && text.includes(two));
    }
    await docker('rm', '-f', 'third');
  });

  test('a stopped container is in no answer, and has its address when it is started again', async () => {
    const address = await addressOf('right', 'front');
    await docker('stop', '-t', '1', 'right');
    await losesSight('left', 'right');
    await docker('start', 'right');
    await reaches('left', 'right');
    assert.equal(await addressOf('right', 'front'), address);
    await docker('restart', '-t', '1', 'right');
    await reaches('left', 'right');
    assert.equal(await addressOf('right', 'front'), address);
  });

  test('a container that is renamed is found by its new name alone', async () => {
    await docker('rename', 'right', 'other');
    await reaches('left', 'other');
    await losesSight('left', 'right');
    await docker('rename', 'other', 'right');
    await reaches('left', 'right');
  });

  test('services and containers find each other by name on a network that both are on', async () => {
    await docker('network', 'create', '-d', 'overlay', '--attachable', 'shared');
    await docker('service', 'create', '-d', '-q', '--name', 'web', '--replicas', '3', '--network', 'shared', tinyTag);
    await runOn('node2', 'client', '--network', 'shared');
    await reaches('client', 'web');
    const tasks = await until(
      'the tasks',
      async () => await docker('ps', '-q', '--filter', 'label=com.docker.swarm.service.name=web'),
      (text) => text.split('\n').length === 3,
    );
    for (const task of tasks.split('\n')) await reaches(task, 'client');
    assert.match(await refused('network', 'rm', 'shared'), /in use|active endpoints/);
    await docker('service', 'rm', 'web');
    await docker('rm', '-f', 'client');
    await until(
      'the network to be free',
      async () => await cluster.tryDocker('network', 'rm', 'shared'),
      ({ code }) => code === 0,
    );
  });

  test('networks are apart, and a container that runs is connected to another and taken off again', async () => {
    await docker('network', 'create', '--subnet', '10.77.0.0/24', '--gateway', '10.77.0.254', 'back');
    await runOn('node3', 'db', '--network', 'back');
    await runOn('node2', 'later');
    await docker('network', 'connect', 'back', 'later');
    await isLed('later');
    for (const name of ['db', 'later']) await reaches('later', name);
    await reaches('db', 'later');
    await docker('restart', '-t', '0', 'later');
    await isLed('later');
    await reaches('later', 'db');
    await docker('rm', '-f', 'later');
    const address = await addressOf('db', 'back');
    assert.equal(await pings('left', address), false);
    await docker('network', 'connect', '--ip', '10.77.0.99', '--alias', 'app', 'back', 'left');
    assert.equal(await addressOf('left', 'back'), '10.77.0.99');
    for (const name of ['left', 'app']) await reaches('db', name);
    await reaches('left', address);
    assert.match(await refused('network', 'connect', 'back', 'left'), /already exists in network back/);
    await docker('network', 'disconnect', 'back', 'left');
    await losesSight('db', 'left');
    assert.equal(await pings('left', address), false);
    assert.match(await refused('network', 'disconnect', 'back', 'left'), /is not connected to network back/);
    assert.equal(await docker('inspect', 'left', '--format', '{{len .NetworkSettings.Networks}}'), '1');
  });

  test('an address that was asked for is given, and to one that runs at a time', async () => {
    await runOn('node1', 'fixed', '--network', 'back', '--ip', '10.77.0.50');
    await reaches('db', '10.77.0.50');
    await docker(
      'create',
      '--name',
      'heir',
      '-e',
      'constraint:node==node2',
      '--network',
      'back',
      '--ip',
      '10.77.0.50',
      tinyTag,
    );
    assert.match(await refused('start', 'heir'), /Address already in use/);
    await docker('rm', '-f', 'fixed');
    await docker('start', 'heir');
    await reaches('db', 'heir');
    assert.equal(await addressOf('heir', 'back'), '10.77.0.50');
    await docker('rm', '-f', 'heir');
    const outside = await refused('run', '--rm', '--network', 'back', '--ip', '10.99.0.1', tinyTag, 'true');
    assert.match(outside, /10\.99\.0\.1: It does not belong to any of this network's subnets/);
  });

  test('a container may be made on several networks at once, and leaves all of them when it is removed', async () => {
    await runOn('node1', 'both', '--network', 'front', '--network', 'back');
    await reaches('right', 'both');
    await reaches('db', 'both');
    await docker('rm', '-f', 'both');
    await losesSight('db', 'both');
    assert.match(
      await refused('network', 'rm', 'back'),
      /error while removing network: network back id \w+ has active endpoints/,
    );
  });

  test('an internal network has no way out, and its containers meet all the same', async () => {
    await docker('network', 'create', '--internal', 'inside');
    await runOn('node1', 'in1', '--network', 'inside');
    await runOn('node2', 'in2', '--network', 'inside');
    await reaches('in1', 'in2');
    const node = cluster.nodes.find(({ name }) => name === 'node3');
    assert.equal(await pings('in1', node?.address ?? ''), false);
    await docker('rm', '-f', 'in1', 'in2');
  });

  test("a network of one engine is shown with its node's name, and takes its containers there", async () => {
    await docker('network', 'create', 'node2/own');
    assert.ok((await names()).includes('node2/own'));
    await docker('run', '-d', '--name', 'local', '--network', 'node2/own', tinyTag);
    assert.equal(await docker('inspect', 'local', '--format', '{{.Node.Name}}'), 'node2');
    await docker('rm', '-f', 'local');
    await docker('network', 'rm', 'own');
    assert.ok(!(await names()).includes('node2/own'));
    assert.match(await refused('network', 'inspect', 'node2/own'), /network node2\/own not found/);
  });

  test('names that are taken, predefined networks, services alone: refused in the words of Docker', async () => {
    assert.match(await refused('network', 'create', 'front'), /network with name front already exists/);
    assert.match(await refused('network', 'rm', 'bridge'), /bridge is a pre-defined network and cannot be removed/);
    assert.match(
      await refused('network', 'create', '--subnet', '10.77.0.0/16', 'over'),
      /Pool overlaps with other one/,
    );
    await docker('network', 'create', '-d', 'overlay', 'closed');
    const run = await refused('run', '--rm', '--network', 'closed', tinyTag, 'true');
    assert.match(run, /Could not attach to network closed: .* network closed not manually attachable/);
    assert.match(await refused('run', '--rm', '--network', 'nowhere', tinyTag, 'true'), /network nowhere not found/);
  });

  test('filters, and pruning takes what nothing is on', async () => {
    assert.deepEqual(await names('label=tier=front'), ['front']);
    assert.deepEqual(await names('driver=overlay'), ['closed', 'ingress']);
    assert.deepEqual(await names('dangling=true'), ['closed', 'inside']);
    assert.deepEqual(await names('type=builtin'), ['bridge', 'host', 'none']);
    const pruned = await docker('network', 'prune', '-f');
    assert.deepEqual(pruned.split('\n').slice(1).toSorted(), ['closed', 'inside']);
    assert.deepEqual(await names('type=custom'), ['back', 'front', 'ingress']);
  });

  test('after kill -9 of the manager and all agents everything is as it was, and goes on', async () => {
    await docker('network', 'connect', 'back', 'right');
    const addresses = async () =>
      await Promise.all([addressOf('left', 'front'), addressOf('right', 'front'), addressOf('right', 'back')]);
    const before = await addresses();
    await killAllDaemons(cluster);
    assert.ok(
      await cluster.engine(cluster.nodes[0] ?? assert.fail(), 'exec', 'left', 'ping', '-c', '1', before[1] ?? ''),
    );
    await until(
      'the manager to answer',
      async () => await cluster.tryDocker('ps', '-q'),
      ({ code }) => code === 0,
    );
    await reaches('left', 'right');
    await reaches('db', 'right');
    assert.deepEqual(await addresses(), before);
    await runOn('node3', 'late', '--network', 'front');
    await reaches('late', 'left');
    await reaches('right', 'late');
    assert.ok(!before.includes(await addressOf('late', 'front')));
    await docker('rm', '-f', 'late');
  });

  test('a container that moves off a lost node takes its address and names along', async () => {
    const options = ['--network', 'front', '--network', 'back', '-e', 'reschedule:on-node-failure'];
    await docker('run', '-d', '--name', 'mover', '-e', 'constraint:node!=node1', ...options, tinyTag);
    const before = [await addressOf('mover', 'front'), await addressOf('mover', 'back')];
    const from = await docker('inspect', 'mover', '--format', '{{.Node.Name}}');
    await cluster.powerOff(from);
    const where = async () => await docker('inspect', 'mover', '--format', '{{.Node.Name}}');
    await until('the container to be elsewhere', where, (now) => now !== from, { deadlineMs: 60_000 });
    // It is there before it has been started.
    const addresses = async () => `${await addressOf('mover', 'front')} ${await addressOf('mover', 'back')}`;
    await until('its addresses to be the same', addresses, (now) => now === before.join(' '));
    await reaches('left', 'mover');
    await cluster.powerOn(from);
    await until(
      'the node to be back',
      async () => await docker('node', 'ls', '--format', '{{.Status}}'),
      (text) => text.split('\n').every((each) => each === 'Ready'),
      { deadlineMs: 60_000 },
    );
    await reaches('left', 'mover');
  });

  test('everything goes', async () => {
    await docker('rm', '-f', 'mover', 'left', 'right', 'db');
    await docker('network', 'rm', 'front', 'back');
    assert.deepEqual(await names('type=custom'), ['ingress']);
    for (const node of cluster.nodes) {
      const left = async () =>
        await cluster.engine(node, 'network', 'ls', '-q', '--filter', 'label=tutti.network.name=front');
      await until(`no bridge on ${node.name}`, left, (text) => text.trim() === '');
    }
  });
});
