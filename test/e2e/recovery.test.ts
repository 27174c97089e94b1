import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { layoutNode } from '../../src/dev/layout.ts';
import type { DoctorView } from '../../src/model/doctor.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { until } from '../support/until.ts';
import { startCluster } from './lib/cluster.ts';
import type { TestCluster } from './lib/cluster.ts';
import { containersOf, startOf, under } from './lib/containers.ts';
import type { SeenContainer } from './lib/containers.ts';
import { holdDown, killAllDaemons, killDaemon } from './lib/daemons.ts';

const file = (name: string): string => fileURLToPath(new URL(`stacks/${name}`, import.meta.url));
const port = 8090;
/** Of stacks/many.yaml. */
const services = ['one', 'two', 'three', 'four'];
const replicas = 12;
const deadlineMs = 180_000;

/** What a client of stacks/base.yaml says: how often the name was resolved, and how often not. */
type Lookups = Readonly<Record<'resolved' | 'failed', number>>;

describe('the manager and the agents are killed', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
  });
  after(async () => await cluster?.[Symbol.asyncDispose]());

  const deploy = async (name: string): Promise<string> =>
    await cluster.docker('stack', 'deploy', '--detach', '--resolve-image', 'never', '-c', file(`${name}.yaml`), name);
  const running = async (name: string): Promise<readonly SeenContainer[]> =>
    under(await containersOf(cluster), name).filter((container) => container.running);
  const replicasOf = async (): Promise<string> =>
    (await cluster.docker('service', 'ls', '--format', '{{.Name}} {{.Replicas}}')).trim();
  const converged = async (): Promise<void> => {
    const whole = (listing: string): boolean => listing.split('\n').every((line) => /^\S+ (\d+)\/\1( |$)/.test(line));
    await until('every service to run all of its tasks', replicasOf, whole, { deadlineMs, everyMs: 200 });
  };
  const lookups = async (): Promise<readonly Lookups[]> => {
    const clients = await running('base_client');
    return await Promise.all(
      clients.map(async ({ id, node }) => {
        const report = cluster.nodes.find(({ name }) => name === node);
        assert.ok(report);
        const [resolved = 0, failed = 0] = (await cluster.engine(report, 'logs', '--tail', '1', id))
          .split(' ')
          .map(Number);
        return { resolved, failed };
      }),
    );
  };
  /** Names go on being resolved on every node from now on. */
  const namesResolve = async (): Promise<readonly Lookups[]> => {
    const earlier = await lookups();
    assert.equal(earlier.length, cluster.nodes.length);
    return await until(
      'more names to be resolved on every node',
      lookups,
      (now) =>
        now.length === earlier.length &&
        now.every(({ resolved }, index) => resolved > (earlier[index]?.resolved ?? 0) + 20),
      { deadlineMs },
    );
  };
  let failedBefore: readonly number[] = [];
  /** Since the stack ran, not one lookup has failed on any node, whatever was killed meanwhile. */
  const noLookupFailed = async (): Promise<void> => {
    const now = await namesResolve();
    assert.deepEqual(
      now.map(({ failed }) => failed),
      failedBefore,
      `lookups: ${JSON.stringify(now)}`,
    );
  };
  const ask = async (address: string): Promise<string> =>
    await (
      await fetch(`http://${address}:${port}/`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(10_000),
      })
    ).text();
  const portAnswersEverywhere = async (): Promise<void> => {
    for (const { address } of cluster.nodes) assert.match(await ask(address), /^[0-9a-f]{12}\n$/);
  };
  /** They run, and have done so since before the moment. */
  const assertUntouched = async (containers: readonly SeenContainer[], since: number): Promise<void> => {
    const later = await containersOf(cluster);
    for (const container of containers) {
      assert.deepEqual(
        later.find(({ id }) => id === container.id),
        container,
      );
      assert.ok((await startOf(cluster, container)) < since, `${container.place} was restarted`);
    }
  };
  /** One container in each place, running, and nothing else, on all engines together. */
  const assertNothingTwice = (containers: readonly SeenContainer[], name: string, count: number): void => {
    const found = under(containers, name);
    const places = new Set(found.map(({ place }) => place));
    assert.deepEqual([found.length, places.size, found.every((container) => container.running)], [count, count, true]);
  };

  test('a service runs, and its clients find it by its name', async () => {
    await deploy('base');
    await converged();
    // Those at the start asked before there was anybody to find.
    failedBefore = (await namesResolve()).map(({ failed }) => failed);
    await until('the published port', portAnswersEverywhere, () => true);
  });

  test('the doctor finds nothing, mends what is wiped, and names a way that is blocked', async () => {
    const [one] = cluster.nodes;
    assert.ok(one);
    const { namespace } = layoutNode(cluster.layout, one.name);
    const inside = async (...argv: string[]): Promise<void> => {
      const { code, stderr } = await systemExec('ip', ['netns', 'exec', namespace, ...argv]);
      assert.equal(code, 0, stderr);
    };
    const doctor = async (code: number, ...flags: string[]): Promise<DoctorView> => {
      const said = await cluster.tutti('doctor', '--format', 'json', ...flags);
      assert.equal(said.code, code, said.stdout + said.stderr);
      return JSON.parse(said.stdout) as DoctorView;
    };
    const { nodes } = await doctor(0);
    for (const { report } of nodes) {
      assert.equal(report?.peers.length, cluster.nodes.length - 1);
      assert.ok((report?.tasks.length ?? 0) > 0);
    }

    await inside('nft', 'delete', 'table', 'ip', 'tutti');
    const mended = await doctor(0, '--node', one.name);
    assert.ok(mended.nodes[0]?.report?.findings.some(({ what, mended: is }) => what === 'rules' && is));

    const blocked = ['OUTPUT', '-p', 'udp', '--dport', '4797', '-j', 'DROP'];
    await inside('iptables', '-I', ...blocked);
    try {
      const problems = (await doctor(1)).nodes.flatMap((node) => node.problems);
      assert.ok(
        problems.some((problem) => /by the overlay, but by its own address/.test(problem)),
        problems.join('\n'),
      );
    } finally {
      await inside('iptables', '-D', ...blocked);
    }
  });

  test('in the middle of a deployment, twice: it is finished, and what ran goes on untouched', async () => {
    const wanted = services.length * replicas;
    await deploy('many');
    const ran: (() => Promise<void>)[] = [];
    for (const least of [4, 20]) {
      const found = await until(
        'a part of the deployment',
        async () => (await containersOf(cluster)).filter((container) => container.running),
        (containers) => under(containers, 'many').length >= least,
        { deadlineMs },
      );
      assert.ok(under(found, 'many').length < wanted, 'killed too late: all ran already');
      const killedAt = Date.now();
      await killAllDaemons(cluster);
      ran.push(async () => await assertUntouched(found, killedAt));
      await portAnswersEverywhere();
    }
    await converged();
    for (const untouched of ran) await untouched();
    const containers = await containersOf(cluster);
    assertNothingTwice(containers, 'many', wanted);
    assertNothingTwice(containers, 'base', 4 + cluster.nodes.length);
    await noLookupFailed();
    await portAnswersEverywhere();

    await deploy('many');
    await converged();
    assert.deepEqual(
      (await containersOf(cluster)).map(({ id }) => id).toSorted(),
      containers.map(({ id }) => id).toSorted(),
    );
  });

  test('while the manager stays dead: names, ports and restarts; after that nothing is done twice', async () => {
    const earlier = await containersOf(cluster);
    const killedAt = Date.now();
    const [victim] = under(earlier, 'base_web').filter(({ node }) => node === 'node2');
    assert.ok(victim);
    const inItsPlace = async (not: readonly SeenContainer[]): Promise<SeenContainer | undefined> =>
      (await running('base_web')).find(
        ({ id, place }) => place === victim.place && not.every((other) => other.id !== id),
      );
    const replaced = async (...not: readonly SeenContainer[]): Promise<SeenContainer> => {
      const container = not.at(-1);
      const node = cluster.nodes.find(({ name }) => name === container?.node);
      assert.ok(container && node);
      await cluster.engine(node, 'kill', container.id);
      const found = await until('the crashed container to be restarted', async () => await inItsPlace(not), Boolean, {
        deadlineMs,
      });
      assert.equal(found?.node, node.name);
      return found;
    };
    let successor: SeenContainer;
    {
      using _ = await holdDown(cluster, 'node1', 'manager');
      const refused = await cluster.tryDocker('node', 'ls');
      assert.notEqual(refused.code, 0);
      assert.equal((await cluster.tutti('nodes')).code, 5);

      const first = await replaced(victim);
      await noLookupFailed();
      await portAnswersEverywhere();

      for (const { name } of cluster.nodes) await killDaemon(cluster, name, 'agent');
      await portAnswersEverywhere();
      successor = await replaced(victim, first);
      await noLookupFailed();
    }
    await until('the manager', replicasOf, (listing) => listing !== '', { deadlineMs });
    await converged();
    const history = await until(
      'the manager to know what the agents did',
      async () =>
        await cluster.docker('service', 'ps', '--format', '{{.Name}} {{.DesiredState}} {{.CurrentState}}', 'base_web'),
      (rows) => rows.split('\n').filter((row) => row.startsWith(`${victim.place} `)).length === 3,
    );
    const states = history.split('\n').filter((row) => row.startsWith(`${victim.place} `));
    assert.deepEqual(
      states.map((row) => row.split(' ').slice(1, 3).join(' ')),
      ['Running Running', 'Shutdown Failed', 'Shutdown Failed'],
    );
    await assertUntouched(
      earlier.filter(({ id }) => id !== victim.id),
      killedAt,
    );
    await assertUntouched([successor], Date.now());
    const later = await running('base');
    assertNothingTwice(later, 'base', 4 + cluster.nodes.length);
    await portAnswersEverywhere();
  });

  test('what is removed then leaves nothing', async () => {
    await cluster.docker('stack', 'rm', 'many', 'base');
    await until(
      'no containers',
      async () => await containersOf(cluster),
      ({ length }) => length === 0,
      { deadlineMs },
    );
    for (const node of cluster.nodes) {
      const networks = async (): Promise<string> =>
        await cluster.engine(node, 'network', 'ls', '--filter', 'type=custom', '--quiet');
      await until(`no networks on ${node.name}`, networks, (listing) => listing.trim() === '');
    }
  });
});
