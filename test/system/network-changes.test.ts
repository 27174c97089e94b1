import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.ts';
import { ask, assignmentsFor, startTask, stopTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 0, ingress: true };
const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1 };
const wide: LabNetwork = { id: 'wide000000000000000000001', name: 'wide', index: 16, prefix: 20 };

suite('a network that changes', { timeout: 300_000 }, () => {
  let lab: Lab;
  let one: LabNode;
  let two: LabNode;
  let asker: LabTask;
  let web: LabTask;
  let state: LabState;

  const tell = async (next: LabState): Promise<void> => await tellAll(lab.nodes, next);

  before(async () => {
    lab = await startLab('netchange', 2);
    [one, two] = lab.nodes as unknown as [LabNode, LabNode];
    asker = { id: 'asker', service: 'asker', node: one, addresses: { [front.id]: '10.128.1.10' } };
    web = {
      id: 'webtask',
      service: 'web',
      node: one,
      addresses: { [front.id]: '10.128.1.20', [ingress.id]: '10.128.0.20' },
    };
    state = {
      networks: [ingress, front],
      tasks: [asker, web],
      publishes: [
        { protocol: 'tcp', published: 8080, target: 80, service: 'web', network: ingress.id },
        { protocol: 'udp', published: 8080, target: 80, service: 'web', network: ingress.id },
      ],
    };
    await tell(state);
    await startTask(asker, 80);
    await startTask(web, 80);
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('an address that moves to another node and back is found at once', async () => {
    assert.equal(await ask(asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10');
    for (const node of [two, one, two]) {
      const moved = { ...web, node };
      await stopTask(web);
      await tell({ ...state, tasks: [asker, moved] });
      await startTask(moved, 80);
      web = moved;
      const begun = performance.now();
      assert.equal(await ask(asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10', `on ${node.name}`);
      assert.equal(await ask(moved, 'tcp', '10.128.1.10', 80), 'asker 10.128.1.20', `from ${node.name}`);
      assert.equal(await lab.ask('tcp', one.address, '8080'), `webtask ${lab.outside}`);
      assert.ok(performance.now() - begun < 5000, 'no waiting for neighbour entries to go stale');
    }
    state = { ...state, tasks: [asker, web] };
  });

  /** Asks for the name again and again while the work is done; gives each answer that is not the one wanted. */
  const askThroughout = async (work: () => Promise<void>) => {
    const wrong: string[] = [];
    let done = false;
    let asked = 0;
    const asking = (async () => {
      for (; !done; asked += 1) {
        const answer = await ask(asker, 'dns', 'A', 'web');
        if (answer !== '["10.128.1.20"]') wrong.push(answer);
      }
    })();
    await work().finally(() => (done = true));
    await asking;
    return { wrong, asked };
  };

  test('with the agent dead everything goes on, names too, and nothing is made anew when it is back', async () => {
    const rules = async (): Promise<string> => await one.run('nft', '-a', 'list', 'table', 'ip', 'tutti');
    const before = await rules();
    const assignments = assignmentsFor(one, lab.nodes, state);
    const nameless = assignments.map((item) => (item.kind === 'endpoint' ? { ...item, names: [] } : item));
    const { wrong, asked } = await askThroughout(async () => {
      for (let round = 0; round < 3; round += 1) {
        await one.killAgent();
        assert.equal(await ask(asker, 'tcp', '10.128.1.20', 80), 'webtask 10.128.1.10');
        assert.equal(await lab.ask('tcp', one.address, '8080'), `webtask ${lab.outside}`);
        one.startAgent();
        // What it has on disk may be old: names are not to go by it.
        await one.tell({ do: 'apply', assignments: nameless });
        await one.tell({ do: 'ensure', networks: [front.id] });
        await one.tell({ do: 'apply', assignments });
        await one.tell({ do: 'known' });
        await one.tell({ do: 'settled' });
      }
    });
    assert.deepEqual(wrong, [], `of ${asked}`);
    assert.ok(asked > 30, `only ${asked} were asked`);
    assert.equal(await rules(), before);
  });

  test('with the resolver dead names come back as soon as it does: it is told everything again', async () => {
    await one.killResolver();
    assert.match(await ask(asker, 'dns', 'A', 'web'), /^error/);
    one.startResolver();
    await until(
      'the name',
      async () => await ask(asker, 'dns', 'A', 'web'),
      (text) => text === '["10.128.1.20"]',
      { deadlineMs: 30_000 },
    );
  });

  test("this node's own word on its tasks needs no manager", async () => {
    const seen = { taskId: web.id, timestamp: 0, message: '', containers: [] } as const;
    await web.node.tell({
      do: 'observe',
      observation: { ...seen, taskId: seen.taskId as never, state: 'failed', ready: false },
    });
    await web.node.tell({ do: 'settled' });
    assert.equal(await lab.ask('tcp', web.node.address, '8080'), 'error ECONNREFUSED');
    await web.node.tell({
      do: 'observe',
      observation: { ...seen, taskId: seen.taskId as never, state: 'running', ready: true },
    });
    await web.node.tell({ do: 'settled' });
    assert.equal(await lab.ask('tcp', web.node.address, '8080'), `webtask ${lab.outside}`);
  });

  test('a thousand tasks on a network: one more is one process more', async () => {
    const far = (index: number): LabTask => ({
      id: `far${index}`,
      service: 'far',
      node: two,
      addresses: { [wide.id]: `10.128.${16 + (index >> 8)}.${index & 255}` },
    });
    const local: LabTask = { id: 'local', service: 'local', node: one, addresses: { [wide.id]: '10.128.31.1' } };
    const crowd = Array.from({ length: 1000 }, (_, index) => far(index + 2));
    const big = { ...state, networks: [...state.networks, wide], tasks: [...state.tasks, local, ...crowd] };
    await one.tell({ do: 'apply', assignments: assignmentsFor(one, lab.nodes, big) });
    await one.tell({ do: 'settled' });
    // A full comparison may come in between, so it is tried a few times.
    const costs: number[] = [];
    for (let extra = 1; extra <= 20 && !costs.includes(1); extra += 1) {
      const before = Number(await one.tell({ do: 'spawned' }));
      const more = { ...big, tasks: [...big.tasks, ...Array.from({ length: extra }, (_, index) => far(1002 + index))] };
      await one.tell({ do: 'apply', assignments: assignmentsFor(one, lab.nodes, more) });
      await one.tell({ do: 'settled' });
      costs.push(Number(await one.tell({ do: 'spawned' })) - before);
    }
    assert.ok(costs.includes(1), `processes: ${costs.join()}`);
    const routes = await one.run('ip', 'route', 'show', 'dev', 'tutti0');
    assert.ok(routes.split('\n').length > 1001);
    assert.match(routes, /10\.128\.19\.234 via 100\.127\.0\.2/);
    await tell(state);
  });

  test('a subnet that the machine is on itself is refused, by name', async () => {
    const taken: LabNetwork = { id: 'taken00000000000000000001', name: 'taken', index: 9 };
    const task: LabTask = { id: 'unlucky', service: 'unlucky', node: one, addresses: { [taken.id]: '10.128.9.10' } };
    await one.run('ip', 'link', 'add', 'lan9', 'type', 'bridge');
    await one.run('ip', 'addr', 'add', '10.128.9.77/24', 'dev', 'lan9');
    await one.run('ip', 'link', 'set', 'lan9', 'up');
    await tell({ ...state, networks: [...state.networks, taken], tasks: [...state.tasks, task] });
    await assert.rejects(
      one.tell({ do: 'ensure', networks: [taken.id] }),
      /taken \(10\.128\.9\.0\/24\) overlaps the route/,
    );
    await one.run('ip', 'link', 'del', 'lan9');
    await one.tell({ do: 'ensure', networks: [taken.id] });
    await tell(state);
    await until(
      'the network gone again',
      async () => await one.docker('network', 'ls', '--format', '{{.Name}}'),
      (names) => !names.includes(taken.id),
    );
  });

  test('everything of ours goes, and nothing of others', async () => {
    await one.docker('network', 'create', 'theirs');
    await one.run('nft', 'add table ip theirs');
    await stopTask(asker);
    await until(
      'no containers',
      async () => await one.docker('ps', '-q'),
      (ids) => ids === '',
    );
    const { networks, busy } = (await one.tell({ do: 'removeAll' })) as { networks: string[]; busy: string[] };
    assert.deepEqual(networks.toSorted(), [`tutti-0-${ingress.id}`, `tutti-1-${front.id}`]);
    assert.deepEqual(busy, []);
    const left = [
      await one.docker('network', 'ls', '--format', '{{.Name}}'),
      await one.run('nft', 'list', 'tables'),
      await one.run('ip', 'rule'),
      await one.run('iptables-save'),
      await one.run('ip', '-o', 'link'),
      await one.run('ip', 'route', 'show', 'table', 'all'),
    ].join('\n');
    assert.doesNotMatch(left, /tutti|TUTTI|proto 116/);
    assert.match(left, /theirs/);
    assert.match(left, /table ip theirs/);
    assert.match(left, /DOCKER-USER/);
  });
});
