import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/until.ts';
import { ports, startCluster } from './lib/cluster.ts';
import type { TestCluster } from './lib/cluster.ts';
import { containersOf, under } from './lib/containers.ts';
import { hangEngine } from './lib/daemons.ts';
import { onSmallDisk } from './lib/disk.ts';
import type { SmallDisk } from './lib/disk.ts';
import { loadTiny, tinyTag } from './lib/images.ts';
import { runs, tasksOf, untilRunning, untilTask } from './lib/tasks.ts';

const port = 8090;
const serve = 'hostname >/tmp/index.html; httpd -p 8080 -h /tmp; trap "exit 0" TERM; sleep 2147483 & wait';

describe('what cannot be done', () => {
  let cluster: TestCluster;
  let directory = '';
  let managerDisk: SmallDisk;
  let workerDisk: SmallDisk;

  /** A service of the tiny image, unless the last argument is another. */
  const create = async (name: string, ...args: readonly string[]) =>
    await cluster.tryDocker('service', 'create', '--detach', '--no-resolve-image', '--name', name, ...args);
  const remove = async (...names: readonly string[]): Promise<void> => {
    await cluster.docker('service', 'rm', ...names);
  };
  const explain = async (task: string): Promise<string> => {
    const result = await cluster.tutti('explain', task);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  };
  const compose = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  /** All that the cluster has, as the docker command lists it. */
  const everything = async (): Promise<string> => {
    const lists = ['service', 'network', 'secret', 'config'].map(
      async (kind) => await cluster.docker(kind, 'ls', '--format', 'json'),
    );
    return (await Promise.all(lists)).map((list) => list.split('\n').toSorted().join('\n')).join('\n');
  };
  const answers = async (): Promise<void> => {
    for (const { address } of cluster.nodes) {
      const response = await fetch(`http://${address}:${port}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(10_000),
      });
      assert.match(await response.text(), /^[0-9a-f]{12}\n$/);
    }
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tutti-refusals-'));
    cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
    [managerDisk, workerDisk] = await Promise.all([
      onSmallDisk(cluster, 'node1', 128),
      onSmallDisk(cluster, 'node3', 128),
    ]);
    await until(
      'the nodes',
      async () => await cluster.docker('node', 'ls'),
      (rows) => [...rows.matchAll(/Ready/g)].length === 3,
    );
    await cluster.docker('node', 'update', '--label-add', 'disk=hdd', 'node1');
    await create('web', '--replicas', '3', '--publish', `${port}:8080`, tinyTag, 'sh', '-c', serve);
    await untilRunning(cluster, 'web', 3);
    await until('the published port', answers, () => true);
  });
  after(async () => {
    await managerDisk?.[Symbol.asyncDispose]();
    await workerDisk?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  test('files that are wrong: file, line and reason, and nothing is changed', async () => {
    const cases: readonly (readonly [name: string, text: string, said: RegExp])[] = [
      [
        'unknown.yaml',
        'services:\n  web:\n    image: tiny:1\n    imagge: x\n',
        /unknown\.yaml:4:5: services\.web\.imagge: unknown key; did you mean "image"\?/,
      ],
      [
        'type.yaml',
        'services:\n  web:\n    image: tiny:1\n    ports: "80"\n',
        /type\.yaml:4:12: services\.web\.ports: must be a list, not "80"/,
      ],
      [
        'number.yaml',
        'services:\n  web:\n    image: tiny:1\n    deploy:\n      replicas: many\n',
        /number\.yaml:5:17: services\.web\.deploy\.replicas: must be a whole number, not "many"/,
      ],
      ['syntax.yaml', 'services:\n  web:\n    image: [\n', /syntax\.yaml:4:1: /],
      [
        'network.yaml',
        'services:\n  web:\n    image: tiny:1\n    networks: [back]\n',
        /network\.yaml:4:16: services\.web\.networks\S*: .*back/,
      ],
    ];
    const earlier = await everything();
    for (const [name, text, said] of cases) {
      const path = await compose(name, text);
      for (const verb of ['plan', 'deploy']) {
        const refused = await cluster.tutti(verb, 'bad', '-f', path);
        assert.equal(refused.code, 4, `${verb} ${name}: ${refused.stdout}`);
        assert.match(refused.stderr, said);
      }
    }
    // The docker command checks files itself, and before it makes anything only what their schema says.
    for (const name of ['unknown.yaml', 'type.yaml', 'number.yaml', 'syntax.yaml']) {
      assert.notEqual((await cluster.tryDocker('stack', 'deploy', '-c', join(directory, name), 'bad')).code, 0, name);
    }
    assert.equal(await everything(), earlier);
  });

  test('a port that is taken: its owner is named, and goes on answering', async () => {
    const said = /port 8090\/tcp is already in use by service web/;
    const refused = await create('other', '--publish', `${port}:80`, tinyTag);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, said);

    const path = await compose('port.yaml', `services:\n  other:\n    image: tiny:1\n    ports: ["${port}:80"]\n`);
    const earlier = await everything();
    for (const verb of ['plan', 'deploy']) {
      const again = await cluster.tutti(verb, 'bad', '-f', path);
      assert.equal(again.code, 4, `${verb}: ${again.stdout}`);
      assert.match(again.stderr, said);
    }
    assert.equal(await everything(), earlier);
    await answers();
  });

  test('a port that a process or a container of one node has: it is named; at another address it is free', async () => {
    const [, worker] = cluster.nodes;
    assert.ok(worker);
    const start = ['run', '--detach', '--name'];
    const listen = ['httpd', '-f', '-p', '127.0.0.1:8097'];
    await cluster.engine(worker, ...start, 'process', '--network', 'host', tinyTag, ...listen);
    await cluster.engine(worker, ...start, 'direct', '--publish', '8098:80', tinyTag);
    const isRefused = async (published: number, said: RegExp): Promise<void> => {
      const refused = await create('other', '--publish', `${published}:80`, tinyTag);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, said);
    };
    try {
      await until(
        'the process',
        async () =>
          await cluster.engine(worker, 'exec', 'process', 'wget', '-qO-', 'http://127.0.0.1:8097/etc/hostname'),
        () => true,
      );
      await isRefused(
        8097,
        /port 8097\/tcp is already in use by httpd \(process \d+\), which listens at 127\.0\.0\.1, on node2/,
      );
      await isRefused(8098, /port 8098\/tcp is already in use by container direct on node2/);
      const label = `tutti.port.8097.address=${worker.address}`;
      const bound = await create('bound', '--publish', '8097:80', '--label', label, tinyTag);
      assert.equal(bound.code, 0, bound.stderr);
      await remove('bound');
    } finally {
      await cluster.engine(worker, 'rm', '--force', 'process', 'direct');
    }
  });

  test('a secret, a config or a network that is not there', async () => {
    for (const [option, said] of [
      ['--secret', /secret not found: nothing|secrets? .*nothing/],
      ['--config', /config not found: nothing|configs? .*nothing/],
      ['--network', /network nothing not found/],
    ] as const) {
      const refused = await create('lost', option, 'nothing', tinyTag);
      assert.notEqual(refused.code, 0, option);
      assert.match(refused.stderr, said);
    }
    const path = await compose(
      'secret.yaml',
      'services:\n  lost:\n    image: tiny:1\n    secrets: [key]\nsecrets:\n  key:\n    external: true\n',
    );
    const earlier = await everything();
    for (const verb of ['plan', 'deploy']) {
      const refused = await cluster.tutti(verb, 'bad', '-f', path);
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /the external secret key does not exist/);
    }
    assert.equal(await everything(), earlier);
  });

  test('a constraint that cannot be read is refused', async () => {
    const refused = await create('odd', '--constraint', 'node.color=blue', tinyTag);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /constraint "node\.color=blue" has no operator/);
  });

  test('a constraint that no node meets: pending, with counts; placed as soon as a label is set', async () => {
    const made = await create('picky', '--constraint', 'node.labels.disk==ssd', tinyTag);
    assert.equal(made.code, 0, made.stderr);
    const reason = 'no suitable node (3 do not meet node.labels.disk==ssd)';
    const [row] = await untilTask(cluster, 'picky', 'pending', ({ error }) => error.includes(reason));
    assert.ok(row?.current.startsWith('Pending') && row.node === '', JSON.stringify(row));
    assert.ok((await explain('picky.1')).includes(reason));

    await cluster.docker('node', 'update', '--label-add', 'disk=ssd', 'node2');
    assert.equal((await untilRunning(cluster, 'picky', 1))[0]?.node, 'node2');
    await remove('picky');
  });

  test('resources that fit nowhere: pending, with counts; placed when less is asked for', async () => {
    const made = await create('big', '--reserve-memory', '900G', tinyTag);
    assert.equal(made.code, 0, made.stderr);
    const reason = 'no suitable node (3 lack memory)';
    await untilTask(cluster, 'big', 'pending', ({ error }) => error.includes(reason));
    assert.ok((await explain('big.1')).includes(reason));

    await cluster.docker('service', 'update', '--detach', '--reserve-memory', '8M', 'big');
    await untilRunning(cluster, 'big', 1);
    await remove('big');
  });

  test('an image that is missing: rejected with the reason, the others run; it comes up when the image appears', async () => {
    const path = await compose(
      'image.yaml',
      'services:\n  there:\n    image: tiny:1\n  missing:\n    image: later:1\n    deploy: {replicas: 2}\n',
    );
    const deployed = await cluster.tutti('deploy', 'half', '-f', path, '--detach');
    assert.equal(deployed.code, 0, deployed.stderr);
    await untilRunning(cluster, 'half_there', 1);
    const rejected = await untilTask(cluster, 'half_missing', 'rejected', ({ current }) =>
      current.startsWith('Rejected'),
    );
    assert.ok(rejected.some(({ error }) => error.includes('No such image: later:1')));
    assert.match(await explain('half_missing.1'), /was rejected on node\d: No such image: later:1/);
    assert.ok(!rejected.some(runs));

    await loadTiny(
      ports,
      cluster.nodes.map(({ engine }) => engine),
      'later:1',
      '2',
    );
    await untilRunning(cluster, 'half_missing', 2);
    await cluster.docker('stack', 'rm', 'half');
  });

  test('a node that is drained: its tasks move, and what may run only there waits for it', async () => {
    assert.equal((await cluster.tutti('drain', 'node3')).code, 0);
    const moved = await until(
      'three tasks on two nodes',
      async () => (await tasksOf(cluster, 'web')).filter(runs),
      (rows) => rows.length === 3 && rows.every(({ node }) => node !== 'node3'),
      { deadlineMs: 180_000, everyMs: 200 },
    );
    assert.equal(moved.length, 3);
    await answers();
    await create('only', '--constraint', 'node.hostname==node3', tinyTag);
    const reason = 'no suitable node (2 do not meet node.hostname==node3, 1 is drained)';
    await untilTask(cluster, 'only', 'pending', ({ error }) => error.includes(reason));
    assert.ok((await explain('only.1')).includes(reason));
    assert.match(await cluster.docker('node', 'ls'), /node3 +Ready +Drain/);

    assert.equal((await cluster.tutti('activate', 'node3')).code, 0);
    assert.equal((await untilRunning(cluster, 'only', 1))[0]?.node, 'node3');
    await remove('only');
  });

  test('a disk that is full: what runs there goes on, what is to start there says why; with room it starts', async () => {
    await create('there', '--constraint', 'node.hostname==node3', tinyTag);
    await untilRunning(cluster, 'there', 1);
    {
      await using _ = await workerDisk.fill();
      await cluster.docker('service', 'scale', '--detach', 'there=2', 'web=6');
      await untilTask(cluster, 'there', 'rejected', ({ error }) => error.includes('no space left on device'));
      assert.match(await explain('there.2'), /was rejected on node3: .*no space left on device/);
      assert.ok((await tasksOf(cluster, 'there')).some((row) => row.name === 'there.1' && runs(row)));
      await until(
        'four or more web tasks elsewhere',
        async () => (await tasksOf(cluster, 'web')).filter((row) => runs(row) && row.node !== 'node3'),
        ({ length }) => length >= 4,
        { deadlineMs: 180_000, everyMs: 200 },
      );
      await answers();
    }
    await untilRunning(cluster, 'there', 2);
    await untilRunning(cluster, 'web', 6);
    await remove('there');
  });

  test("the manager's disk is full: changes are refused and say so, all else goes on; with room it takes them", async () => {
    const earlier = await everything();
    {
      await using _ = await managerDisk.fill();
      const refused = await create('late', '--constraint', 'node.hostname==node2', tinyTag);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /the disk of \S+ is full: nothing was written, free some space/);
      const scaled = await cluster.tutti('scale', 'web=3', '--detach');
      assert.notEqual(scaled.code, 0);
      assert.match(scaled.stderr, /is full: nothing was written/);
      assert.equal(await everything(), earlier);
      await answers();
      const [victim] = under(await containersOf(cluster), 'web').filter(({ node }) => node === 'node2');
      const node2 = cluster.nodes[1];
      assert.ok(victim && node2);
      await cluster.engine(node2, 'kill', victim.id);
      await until(
        'the crashed container to be restarted',
        async () => under(await containersOf(cluster), 'web'),
        (found) => found.some(({ id, place, running }) => running && place === victim.place && id !== victim.id),
        { deadlineMs: 60_000 },
      );
    }
    await until(
      'the manager to take changes',
      async () => await create('late', '--constraint', 'node.hostname==node2', tinyTag),
      ({ code }) => code === 0,
    );
    await untilRunning(cluster, 'late', 1);
    await untilRunning(cluster, 'web', 6);
    await remove('late');
  });

  test('an engine that hangs: what must run there says why it does not, the rest goes on; then it runs', async () => {
    {
      using _ = await hangEngine(cluster, 'node2');
      await create('stuck', '--constraint', 'node.hostname==node2', tinyTag);
      await create('free', '--replicas', '2', '--constraint', 'node.hostname!=node2', tinyTag);
      await untilRunning(cluster, 'free', 2);
      await until(
        'the reason',
        async () => await explain('stuck.1'),
        (said) => /Docker Engine.*(did|does) not answer/.test(said),
        {
          deadlineMs: 120_000,
          everyMs: 500,
        },
      );
      await answers();
    }
    assert.equal((await untilRunning(cluster, 'stuck', 1))[0]?.node, 'node2');
    await until(
      'node2 ready',
      async () => await cluster.docker('node', 'ls'),
      (rows) => /node2 +Ready +Active/.test(rows),
    );
    await untilRunning(cluster, 'web', 6);
    await until(
      'each web task once',
      async () => under(await containersOf(cluster), 'web').filter(({ running }) => running),
      ({ length }) => length === 6,
      { deadlineMs: 60_000 },
    );
    await remove('stuck', 'free');
  });
});
