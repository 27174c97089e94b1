import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { NodeReport } from '../../src/dev/list.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { killDaemon } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { tinyImage } from '../support/image.ts';
import { until } from '../support/until.ts';
import { writeFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every filter and strategy of classic Swarm, and what outlives a node, through the docker command on real engines. */
let cluster: TestCluster;

const docker = async (...args: readonly string[]): Promise<string> => (await cluster.docker(...args)).trim();

const refused = async (...args: readonly string[]): Promise<string> => {
  const { code, stderr } = await cluster.tryDocker(...args);
  assert.notEqual(code, 0, `docker ${args.join(' ')}`);
  return stderr;
};

const nodeOf = async (container: string): Promise<string> =>
  await docker('inspect', '--format', '{{.Node.Name}}', container);

/** Runs a container that stays, with these options, and says where it went. */
const run = async (name: string, ...options: readonly string[]): Promise<string> => {
  await docker('run', '-d', '--name', name, ...options, tinyTag);
  return await nodeOf(name);
};

const hints = (...all: readonly string[]): readonly string[] => all.flatMap((hint) => ['-e', hint]);

const clear = async (): Promise<void> => {
  const all = (await docker('ps', '-aq')).split('\n').filter((id) => id !== '');
  // Agents may be removing theirs.
  if (all.length > 0) await cluster.tryDocker('rm', '-f', '-v', ...all);
  await until(
    'nothing to be left',
    async () => await docker('ps', '-aq'),
    (left) => left === '',
  );
};

const nodes = ['node1', 'node2', 'node3'] as const;

before(async () => {
  cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
  await docker('node', 'update', '--label-add', 'storage=ssd', '--label-add', 'region=us-east', 'node1');
  await docker('node', 'update', '--label-add', 'storage=disk', '--label-add', 'region=us-west', 'node2');
});
after(async () => await cluster?.[Symbol.asyncDispose]());

describe('filters', { concurrency: false }, () => {
  beforeEach(clear);

  test('constraint: nodes, labels, facts, globs, expressions', async () => {
    assert.equal(await run('c1', ...hints('constraint:node==node3')), 'node3');
    assert.equal(await run('c2', ...hints('constraint:storage==ssd')), 'node1');
    assert.equal(await run('c3', ...hints('constraint:region==us*', 'constraint:storage!=ssd')), 'node2');
    assert.equal(await run('c4', ...hints('constraint:node==/node[3-9]/')), 'node3');
    assert.equal(await run('c5', ...hints('constraint:node!=/(?i)NODE[12]/')), 'node3');
    assert.equal(await run('c6', ...hints('constraint:operatingsystem==*', 'constraint:storage==disk')), 'node2');
    assert.equal(await run('c7', '--label', 'com.docker.swarm.constraints=["storage==disk"]'), 'node2');
    const id = await docker('node', 'inspect', '--format', '{{.ID}}', 'node2');
    assert.equal(await run('c8', ...hints(`constraint:node==${id}`)), 'node2');
    const driver = await docker('node', 'inspect', '--format', '{{.Description.Hostname}}', 'node1');
    assert.equal(driver, 'node1');
  });

  test('hints do not reach the container; what is refused says which filters were in force', async () => {
    await run('env', ...hints('constraint:storage==ssd', 'affinity:container!=x', 'A=b', 'reschedule:on-node-failure'));
    assert.match(await docker('inspect', '--format', '{{.Config.Env}}', 'env'), /^\[A=b [^:]*PATH=[^:]*\]$/);
    const said = await refused('run', '-d', ...hints('constraint:storage==tape', 'constraint:region==us*'), tinyTag);
    assert.match(said, /Unable to find a node that satisfies the following conditions/);
    // The docker command gives the environment in no certain order.
    assert.match(said, /\[(?:storage==tape region==us\*|region==us\* storage==tape)\] \(refused 3 of 3 nodes\)/);
    assert.match(await refused('run', '-d', ...hints('constraint:storage=ssd'), tinyTag), /operator ==, !=/);
    assert.match(await refused('run', '-d', ...hints('constraint:node==/(/'), tinyTag), /is invalid/);
    assert.equal(await docker('ps', '-aq', '--filter', 'status=created'), '');
  });

  test('soft hints are kept where they can be', async () => {
    assert.equal(await run('s1', ...hints('constraint:storage==~ssd')), 'node1');
    assert.ok(nodes.includes((await run('s2', ...hints('constraint:storage==~tape'))) as 'node1'));
    assert.equal(await run('s3', ...hints('constraint:node==node1', 'affinity:container!=~s1')), 'node1');
  });

  test('affinity: containers, labels, images', async () => {
    const home = await run('front', '--label', 'tier=web', ...hints('constraint:node==node2'));
    const id = await docker('inspect', '--format', '{{.Id}}', 'front');
    for (const [at, hint] of ['container==front', 'container==fro*', `container==${id}`, 'tier==web'].entries()) {
      assert.equal(await run(`a${at}`, ...hints(`affinity:${hint}`)), home);
    }
    assert.notEqual(await run('far', ...hints('affinity:container!=front')), home);
    assert.notEqual(await run('far2', ...hints('affinity:tier!=web')), home);
    assert.equal(await run('l1', '--label', 'com.docker.swarm.affinities=["container==front"]'), home);
    const file = join(tmpdir(), `placement-${process.pid}.tar`);
    const { archive } = await tinyImage('special:1', 'special');
    await writeFile(file, archive);
    const third = cluster.nodes.find(({ name }) => name === 'node3');
    assert.ok(third !== undefined);
    await cluster.engine(third, 'load', '-i', file);
    await rm(file);
    await until(
      'the image to be seen',
      async () => await docker('images', '-q', 'special:1'),
      (ids) => ids !== '',
    );
    assert.equal(await run('i1', ...hints('affinity:image==special')), 'node3');
    assert.equal(await run('i2', ...hints('affinity:image==spec*')), 'node3');
    assert.notEqual(await run('i3', ...hints('affinity:image!=special:1')), 'node3');
  });

  test('dependency: beside the containers that it shares something with', async () => {
    const home = await run('data', '-v', '/data', ...hints('constraint:node==node3'));
    assert.equal(await run('d1', '--volumes-from', 'data'), home);
    assert.equal(await run('d2', '--link', 'data:alias'), home);
    assert.equal(await run('d3', '--network', 'container:data'), home);
    assert.equal(await run('d4', '--pid', 'container:data'), home);
    assert.equal(await run('d5', '--volumes-from', `${home}/data:ro`), home);
    const torn = ['--volumes-from', 'data', ...hints('constraint:node==node1')];
    assert.match(await refused('run', '-d', ...torn, tinyTag), /\[--volumes-from=data\].*\n\[node==node1\]/);
    assert.match(
      await refused('create', '--pull', 'never', '--volumes-from', 'nobody', tinyTag),
      /No such container: nobody/,
    );
  });

  test('port: one on each node, and none where a service has it', async () => {
    const homes = [];
    for (const name of ['p1', 'p2', 'p3']) homes.push(await run(name, '-p', '8080:80'));
    assert.deepEqual(homes.toSorted(), [...nodes]);
    const said = await refused('run', '-d', '-p', '8080:80', tinyTag);
    assert.match(said, /\[port 8080\/tcp\] \(refused 3 of 3 nodes\)/);
    assert.equal(await run('udp', '-p', '8080:80/udp', ...hints('constraint:node==node1')), 'node1');
    const service = ['service', 'create', '--detach', '--no-resolve-image', '--name', 'web'];
    assert.match(await refused(...service, '-p', '8080:80', tinyTag), /8080\/tcp is already in use by container p\d/);
    await docker(...service, '-p', '8081:80', tinyTag);
    assert.match(await refused('run', '-d', '-p', '8081:80', tinyTag), /\[port 8081\/tcp\]/);
    await docker('service', 'rm', 'web');
  });

  test('slots and health', async () => {
    await docker('node', 'update', '--label-add', 'containerslots=1', 'node3');
    assert.equal(await run('one', ...hints('constraint:node==node3')), 'node3');
    const full = await refused('run', '-d', ...hints('constraint:node==node3'), tinyTag);
    assert.match(full, /\[available container slots\] \(refused 1 of 3 nodes\)/);
    await docker('node', 'update', '--label-rm', 'containerslots', 'node3');
    for (const node of ['node1', 'node2']) await docker('node', 'update', '--availability', 'drain', node);
    assert.equal(await run('only'), 'node3');
    await docker('node', 'update', '--availability', 'pause', 'node3');
    const ill = await refused('run', '-d', tinyTag);
    assert.match(ill, /No healthy node available in the cluster \(2 nodes are drained, 1 node is paused\)/);
    for (const node of nodes) await docker('node', 'update', '--availability', 'active', node);
  });
});

describe('strategies', { concurrency: false }, () => {
  beforeEach(clear);
  after(async () => void (await cluster.tutti('placement', '--strategy', 'spread', '--overcommit', '5%')));

  const set = async (...flags: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await cluster.tutti('placement', ...flags);
    assert.equal(code, 0, stderr);
    return stdout;
  };

  const memory = async (): Promise<number> =>
    Number(await docker('node', 'inspect', '--format', '{{.Description.Resources.MemoryBytes}}', 'node1'));

  test('spread is the default, by containers and by what is reserved', async () => {
    assert.equal(await set(), 'strategy: spread\novercommit: 5 %\n');
    const homes = [];
    for (const at of [1, 2, 3, 4, 5, 6]) homes.push(await run(`s${at}`));
    assert.deepEqual(homes.toSorted(), [...nodes, ...nodes].toSorted());
    assert.deepEqual(await Promise.all(['x1', 'x2', 'x3'].map((name) => run(name))).then((all) => all.toSorted()), [
      ...nodes,
    ]);
  });

  test('binpack fills a node, as far as its memory and the overcommit go', async () => {
    await set('--strategy', 'binpack');
    const most = String(Math.floor((await memory()) * 0.55));
    const small = ['-m', '64m'];
    const first = await run('b1', ...small);
    assert.equal(await run('b2', ...small), first);
    assert.equal(await run('b3', ...small), first);
    assert.equal(await run('h1', '-m', most), first);
    assert.notEqual(await run('h2', '-m', most), first);
    assert.equal(await set('--overcommit', '200%'), 'strategy: binpack\novercommit: 200 %\n');
    assert.equal(await run('h3', '-m', most), first);
  });

  test('reservations are refused where no node has room, and given back', async () => {
    await set('--strategy', 'spread', '--overcommit', '0');
    const most = String(Math.floor((await memory()) * 0.9));
    for (const at of [1, 2, 3]) await run(`r${at}`, '-m', most);
    assert.match(await refused('run', '-d', '-m', most, tinyTag), /No resources available to schedule container/);
    await docker('rm', '-f', 'r2');
    await run('r4', '-m', most);
    const tooMany = await refused('run', '-d', '--cpus', '1000', tinyTag);
    assert.match(tooMany, /No resources available to schedule container \(3 nodes lack cpu\)/);
    const service = ['service', 'create', '--detach', '--no-resolve-image', '--name', 'big', '--reserve-memory', most];
    await docker(...service, tinyTag);
    await until(
      'the task to say why it waits',
      async () => await docker('service', 'ps', '--no-trunc', '--format', '{{.Error}}', 'big'),
      (error) => error.includes('3 lack memory'),
    );
    await docker('rm', '-f', 'r1');
    await until(
      'the task to run',
      async () => await docker('service', 'ls', '--format', '{{.Replicas}}'),
      (replicas) => replicas === '1/1',
    );
    await docker('service', 'rm', 'big');
  });

  test('random goes to nodes that fit', async () => {
    await set('--strategy', 'random');
    for (const at of [1, 2, 3]) assert.notEqual(await run(`z${at}`, ...hints('constraint:node!=node2')), 'node2');
  });
});

describe('names', { concurrency: false }, () => {
  beforeEach(clear);

  test('are unique over the cluster, also against what was made on an engine, and free again at once', async () => {
    await run('web', ...hints('constraint:node==node1'));
    const conflict = /Conflict\. The container name "\/web" is already in use by container "[0-9a-f]{64}"/;
    assert.match(await refused('run', '-d', '--name', 'web', ...hints('constraint:node==node2'), tinyTag), conflict);
    const second = cluster.nodes.find(({ name }) => name === 'node2');
    assert.ok(second !== undefined);
    await cluster.engine(second, 'run', '-d', '--name', 'direct', tinyTag);
    await until(
      'the container to be seen',
      async () => await docker('ps', '-a'),
      (all) => all.includes('direct'),
    );
    assert.match(await refused('create', '--name', 'direct', tinyTag), /already in use/);
    assert.match(await refused('rename', 'web', 'direct'), /already in use/);
    await docker('rename', 'web', 'shop');
    assert.equal(await run('web'), 'node3');
    await docker('rm', '-f', 'web');
    for (let round = 0; round < 5; round += 1) await docker('run', '--rm', '--name', 'web', tinyTag, 'true');
    await cluster.engine(second, 'rm', '-f', 'direct');
    await run('direct');
    assert.match(await refused('create', '--name', 'no/good', tinyTag), /Invalid container name/);
  });

  test('are given where none was asked for; an image that is nowhere is asked of a registry', async () => {
    const id = await docker('run', '-d', tinyTag);
    assert.match(await docker('inspect', '--format', '{{.Name}}', id), /^\/[a-z]+_[a-z]+/);
    assert.match(
      await refused('run', 'nowhere.invalid/none:1'),
      /Unable to find image 'nowhere\.invalid\/none:1' locally/,
    );
    assert.equal((await docker('ps', '-aq')).split('\n').length, 1);
  });
});

describe('a lost node', { concurrency: false }, () => {
  beforeEach(clear);

  const policy = hints('reschedule:on-node-failure', 'constraint:node!=node1');
  const deadline = { deadlineMs: 60_000, everyMs: 200 };

  const runsOn = async (name: string): Promise<string> =>
    await docker('inspect', '--format', '{{.Node.Name}} {{.State.Running}}', name);
  const report = (node: string): NodeReport => {
    const found = cluster.nodes.find((one) => one.name === node);
    assert.ok(found !== undefined);
    return found;
  };
  const onEngine = async (node: string): Promise<readonly string[]> => {
    const text = await cluster.engine(report(node), 'ps', '-a', '--format', '{{.Names}}');
    return text.split('\n').filter((line) => line !== '');
  };

  test('what asked for it runs elsewhere under its name; what it left is removed when the node is back', async () => {
    const home = await run('db', ...policy, '--label', 'a=b');
    const other = home === 'node2' ? 'node3' : 'node2';
    const still = await run('still', ...hints(`constraint:node==${home}`));
    await docker(
      'create',
      '--name',
      'idle',
      '--label',
      'a=b',
      ...hints('reschedule:on-node-failure', `constraint:node==~${home}`),
      tinyTag,
    );
    assert.equal(await nodeOf('idle'), home);
    await run('halted', ...hints('reschedule:on-node-failure', `constraint:node==~${home}`));
    await docker('stop', '-t', '0', 'halted');
    // An engine that is shut down ends its containers first, and tells so.
    await cluster.engine(report(home), 'stop', '-t', '0', 'db');
    await until(
      'the end to be told',
      async () => await docker('ps', '-a', '--filter', 'name=db', '--format', '{{.State}}'),
      (state) => state === 'exited',
    );
    await cluster.powerOff(still);
    await until(
      'db to run elsewhere',
      async () => await runsOn('db'),
      (at) => at === `${other} true`,
      deadline,
    );
    assert.equal(await docker('inspect', '--format', '{{.Config.Labels.a}}', 'db'), 'b');
    for (const name of ['idle', 'halted']) {
      await until(
        `${name} to be made elsewhere`,
        async () => await runsOn(name),
        (at) => /^node[123] false$/.test(at) && !at.startsWith(home),
        deadline,
      );
    }
    await cluster.powerOn(home);
    await until(
      'the node to be tidied',
      async () => (await onEngine(home)).join(' '),
      (names) => names === 'still',
      deadline,
    );
    assert.equal(await runsOn('db'), `${other} true`);
  });

  test('a manager that is killed in the middle leaves exactly one', async () => {
    const names = ['k1', 'k2', 'k3', 'k4'];
    for (const name of names) await run(name, ...policy, ...hints('constraint:node==~node2'));
    await cluster.cut('node2');
    await until(
      'one to move',
      async () => await onEngine('node3'),
      (there) => there.length > 0,
      deadline,
    );
    await killDaemon(cluster, 'node1', 'manager');
    await until(
      'all to run on node3',
      async () => (await Promise.all(names.map(runsOn))).join(),
      (at) => at === names.map(() => 'node3 true').join(),
      deadline,
    );
    await cluster.heal('node2');
    await until(
      'node2 to be tidied',
      async () => (await onEngine('node2')).join(' '),
      (there) => there === '',
      deadline,
    );
    assert.deepEqual((await onEngine('node3')).toSorted(), names);
    assert.equal((await docker('ps', '-aq')).split('\n').length, names.length);
  });

  test('one that fits nowhere waits, and stays where its node comes back', async () => {
    await run('pinned', ...hints('reschedule:on-node-failure', 'constraint:node==node3'));
    await cluster.cut('node3');
    await until(
      'the node to be down',
      async () => await docker('node', 'inspect', '--format', '{{.Status.State}}', 'node3'),
      (state) => state === 'down',
      deadline,
    );
    await cluster.heal('node3');
    await until(
      'it to be there',
      async () => await runsOn('pinned'),
      (at) => at === 'node3 true',
      deadline,
    );
    assert.deepEqual(await onEngine('node3'), ['pinned']);
  });
});
