import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as packet from 'dns-packet';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { holdDown } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { subnetPrefix, uplinkAddress } from '../../src/dev/subnet.ts';
import type { NodeReport } from '../../src/dev/list.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { serviceOf } from '../support/traffic/server.ts';
import { until } from '../support/until.ts';
import type { Reply } from './network/client.ts';
import { lineProcess } from './network/lines.ts';
import type { LineProcess } from './network/lines.ts';

const party = fileURLToPath(new URL('network/party.ts', import.meta.url));

/** What containers ask 127.0.0.11, on a real cluster. */
suite('names', { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let one: NodeReport;
  let upstream: Socket;
  let outside: string;
  /** Names that the resolver outside was asked for. */
  const passedOn: string[] = [];
  const parties = new Map<string, LineProcess>();

  const answerOutside = (message: Buffer, { address, port }: RemoteInfo): void => {
    const { id = 0, questions = [] } = packet.decode(message);
    const name = questions[0]?.name ?? '';
    passedOn.push(name);
    const answers: packet.Answer[] = name.endsWith('.test') ? [{ type: 'A', name, ttl: 60, data: '192.0.2.7' }] : [];
    upstream.send(
      packet.encode({ id, type: 'response', flags: answers.length > 0 ? 0 : 3, questions, answers }),
      port,
      address,
    );
  };
  const inside = async (container: string): Promise<readonly string[]> => {
    const pid = await cluster.engine(one, 'inspect', '-f', '{{.State.Pid}}', container);
    return ['nsenter', '-t', pid.trim(), '-n'];
  };
  /** A container on the first node, and someone who asks inside of it. */
  const container = async (name: string, ...options: string[]): Promise<void> => {
    const where = ['-e', 'constraint:node==node1', '--name', name];
    await cluster.docker('run', '-d', ...where, ...options, tinyTag);
    await listens(name);
  };
  const listens = async (name: string): Promise<void> =>
    void parties.set(name, lineProcess([...(await inside(name)), process.execPath, party, name]));
  const asks = async (who: string, type: string, name: string, how = 'udp'): Promise<Reply> => {
    const text = String(await parties.get(who)?.tell({ asked: ['query', type, name, how] }));
    assert.ok(text.startsWith('{'), `${name}: ${text}`);
    return JSON.parse(text) as Reply;
  };
  const data = ({ answers }: Reply): readonly string[] =>
    answers.flatMap(({ data: found }) => (typeof found === 'string' ? [found] : [])).toSorted();
  /** Asks until the answers are right: tasks that are new are told of a moment later. */
  const becomes = async (who: string, name: string, count: number): Promise<readonly string[]> =>
    await until(
      `${count} answers for ${name} in ${who}`,
      async () => data(await asks(who, 'A', name)),
      (found) => found.length === count,
      { deadlineMs: 60_000 },
    );

  before(async () => {
    cluster = await startCluster({ nodes: 2, managers: 1, images: 'tiny' });
    [one] = cluster.nodes as [NodeReport];
    const subnet = Number(one.address.split('.')[2]);
    assert.ok(one.address.startsWith(subnetPrefix(subnet)));
    outside = uplinkAddress(subnet);
    upstream = createSocket('udp4');
    upstream.on('message', answerOutside);
    await new Promise<void>((resolve) => upstream.bind(53, outside, resolve));
    const { docker } = cluster;
    await docker('network', 'create', '-d', 'overlay', '--attachable', 'front');
    await docker('network', 'create', 'node1/lan');
    const web = ['--name=web', '--replicas=2', '--network=front', `--publish=published=8080,target=80`];
    await docker(...serviceOf({ image: tinyTag, answer: 'web' }, ...web));
    const robin = ['--name=robin', '--replicas=3', '--network=front', '--endpoint-mode=dnsrr'];
    await docker('service', 'create', '-d', '--no-resolve-image', ...robin, tinyTag);
    await container('asker', '--network=front', '--dns', outside);
    // Until then its engine says whose an address is, where that is one of its own containers: by its own name for the network.
    const [command = '', ...args] = await inside('asker');
    await until(
      'questions to go past the engine',
      async () => (await systemExec(command, [...args, 'nft', 'list', 'table', 'ip', 'tutti_names'])).code,
      (code) => code === 0,
    );
  });
  after(async () => {
    for (const each of parties.values()) await each.kill();
    upstream?.close();
    await cluster?.[Symbol.asyncDispose]();
  });

  test('a service is its virtual address, tasks. and dnsrr its tasks, also with the network behind', async () => {
    const tasks = await becomes('asker', 'tasks.web', 2);
    const robin = await becomes('asker', 'robin', 3);
    assert.deepEqual(await becomes('asker', 'tasks.robin.front', 3), robin);
    const [virtual, ...others] = await becomes('asker', 'web', 1);
    assert.ok(others.length === 0 && virtual !== undefined && !tasks.includes(virtual), virtual);
    assert.deepEqual(data(await asks('asker', 'A', 'WEB.Front')), [virtual]);
    assert.deepEqual(
      [(await asks('asker', 'AAAA', 'web')).rcode, (await asks('asker', 'A', 'nobody')).rcode],
      ['NOERROR', 'NXDOMAIN'],
    );
  });

  test('answers live as long as they are true: five seconds, of tasks one', async () => {
    const life = async (name: string): Promise<readonly (number | undefined)[]> => [
      ...new Set((await asks('asker', 'A', name)).answers.map(({ ttl }) => ttl)),
    ];
    assert.deepEqual([await life('web'), await life('tasks.web'), await life('robin')], [[5], [1], [1]]);
  });

  test('SRV gives port and address, an address its name', async () => {
    const { answers, additionals } = await asks('asker', 'SRV', '_80._tcp.tasks.web');
    assert.equal(answers.length, 2);
    const located = answers.map((found) => found.data as { port: number; target: string });
    for (const { port, target } of located) {
      assert.equal(port, 80);
      const [address] = additionals.filter(({ name }) => name === target);
      assert.deepEqual(data(await asks('asker', 'A', target)), [address?.data]);
      const reversed = `${String(address?.data).split('.').toReversed().join('.')}.in-addr.arpa`;
      assert.deepEqual((await asks('asker', 'PTR', reversed)).answers[0]?.data, target);
    }
    assert.equal((await asks('asker', 'SRV', '_81._tcp.web')).rcode, 'NXDOMAIN');
  });

  test('other names are asked of whom the container was told of, once; names of ours never', async () => {
    passedOn.length = 0;
    for (const how of ['udp', 'tcp']) assert.deepEqual(data(await asks('asker', 'A', 'kept.test', how)), ['192.0.2.7']);
    assert.deepEqual(passedOn, ['kept.test']);
    await asks('asker', 'A', 'tasks.nobody');
    await asks('asker', 'A', 'nobody');
    assert.deepEqual(passedOn, ['kept.test']);
  });

  test('on a network of one engine as well: names of both', async () => {
    await container('beside', '--network=node1/lan');
    await container('both', '--network=front', '--dns', outside);
    await cluster.docker('network', 'connect', 'node1/lan', 'both');
    await becomes('both', 'beside', 1);
    await becomes('both', 'robin', 3);
    assert.deepEqual(data(await asks('both', 'A', 'passed.test')), ['192.0.2.7']);
  });

  test('connected later, with resolvers of its own: names of both', async () => {
    await container('late', '--dns', outside);
    await cluster.docker('network', 'connect', 'front', 'late');
    await becomes('late', 'robin', 3);
    assert.deepEqual(data(await asks('late', 'A', 'late.test')), ['192.0.2.7']);
    await cluster.engine(one, 'run', '-d', '--name', 'direct', '--dns', outside, tinyTag);
    await listens('direct');
    await cluster.docker('network', 'connect', 'front', 'direct');
    await becomes('direct', 'robin', 3);
    assert.deepEqual(data(await asks('direct', 'A', 'direct.test')), ['192.0.2.7']);
  });

  test('what makes no sense stops nobody, and with manager and agents dead all goes on', async () => {
    const robin = await becomes('asker', 'robin', 3);
    const down = await Promise.all(
      (['manager', 'agent'] as const).map(async (daemon) => await holdDown(cluster, one.name, daemon)),
    );
    try {
      assert.equal(await parties.get('asker')?.tell({ asked: ['nonsense', 'robin', '200'] }), 'sent');
      assert.deepEqual(data(await asks('asker', 'A', 'robin')), robin);
      assert.deepEqual(data(await asks('asker', 'A', 'alone.test', 'tcp')), ['192.0.2.7']);
    } finally {
      for (const one of down) one[Symbol.dispose]();
    }
  });
});
