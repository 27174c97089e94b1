import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dockerAt, deployVotingApp, resultPort, votePort, waitUntilReady } from '../../src/dev/demo/stack.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { until } from '../support/until.ts';
import { startCluster } from './lib/cluster.ts';
import type { TestCluster } from './lib/cluster.ts';
import { castVotes, readResult, voterNumber } from './lib/votes.ts';
import type { Choice } from './lib/votes.ts';

/** 290 voters; each thirtieth changes their mind: 300 votes. */
const voters = 290;
const ballots = Array.from({ length: voters }, (_, index) => ({
  voter: voterNumber(index + 1),
  choice: (index % 3 === 0 ? 'b' : 'a') as Choice,
})).flatMap((ballot, index) => {
  const other: Choice = ballot.choice === 'a' ? 'b' : 'a';
  return index % 29 === 0 ? [ballot, { ...ballot, choice: other }] : [ballot];
});

interface TaskRow {
  readonly name: string;
  readonly node: string;
  readonly desired: string;
  readonly current: string;
}

describe('the voting app on three nodes, one of which loses its power', () => {
  let cluster: TestCluster;
  const page = (node: number, port: number): string => `http://${cluster.nodes[node]?.address}:${port}/`;

  before(async () => {
    cluster = await startCluster({ nodes: 3, managers: 1, images: 'voting-app' });
  });
  after(async () => await cluster?.[Symbol.asyncDispose]());

  const tasks = async (): Promise<readonly TaskRow[]> => {
    const format = '{{.Name}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}';
    const lines = (await cluster.docker('stack', 'ps', '--format', format, 'voting')).trim().split('\n');
    return lines.map((line) => {
      const [name = '', node = '', desired = '', current = ''] = line.split('\t');
      return { name, node, desired, current };
    });
  };
  const running = async (): Promise<readonly TaskRow[]> =>
    (await tasks()).filter((task) => task.desired === 'Running' && task.current.startsWith('Running'));

  test('docker node ls lists three nodes that are ready', async () => {
    const rows = await cluster.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}} {{.ManagerStatus}}');
    const lines = rows.split('\n').map((row) => row.trim());
    assert.deepEqual(lines.filter(Boolean).toSorted(), ['node1 Ready Leader', 'node2 Ready', 'node3 Ready']);
  });

  test('it is deployed, its data where the constraint says, and answers on every node', async () => {
    const docker = dockerAt(systemExec, cluster.endpoint, undefined);
    await deployVotingApp(docker, 'node1');
    await waitUntilReady(docker, () => undefined, undefined);
    const pinned = (await running()).filter((row) => /_(redis|db)\./.test(row.name));
    assert.deepEqual(
      pinned.map((row) => row.node),
      ['node1', 'node1'],
    );
    await cluster.docker('service', 'scale', 'voting_vote=4');
    const spread = await until(
      'four ballot boxes',
      running,
      (rows) => rows.filter((row) => /_vote\./.test(row.name)).length === 4,
    );
    assert.ok(
      spread.some((row) => row.node === 'node3'),
      'something must run on the node that will lose its power',
    );
    for (const node of [0, 1, 2]) {
      await until(
        `the page on node ${node + 1}`,
        () => fetch(page(node, votePort), { signal: AbortSignal.timeout(2000) }).then((answer) => answer.status),
        (status) => status === 200,
      );
      await until(
        `the result on node ${node + 1}`,
        () => readResult(page(node, resultPort)),
        (result) => result.total === 0,
      );
    }
  });

  test('every vote that was answered with success is counted, though a node dies in between', async () => {
    let off: Promise<void> | undefined;
    let votes = 0;
    const { acknowledged, failed } = await castVotes({
      url: page(1, votePort),
      ballots,
      concurrency: 4,
      patienceMs: 60_000,
      onAcknowledged: (count) => {
        votes = count;
        if (count === 60) off = cluster.powerOff('node3');
      },
    });
    await off;
    assert.equal(votes, 300, `${failed} requests failed on the way`);
    assert.equal(acknowledged.size, voters);
    const expected = { a: 0, b: 0, total: voters };
    for (const choice of acknowledged.values()) expected[choice] += 1;
    await until(
      'the count',
      () => readResult(page(0, resultPort)),
      (result) => JSON.stringify(result) === JSON.stringify(expected),
    );
  });

  test("the dead node's tasks run elsewhere, and the docker command tells so", async () => {
    const rows = await until(
      'all tasks on the nodes that are left',
      running,
      (found) => found.length === 8 && found.every((row) => row.node !== 'node3'),
    );
    assert.equal(rows.filter((row) => /_vote\./.test(row.name)).length, 4);
    const nodes = await cluster.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}}');
    assert.match(nodes, /node3 Down/);
    assert.match(nodes, /node2 Ready/);
    const history = (await tasks()).filter((row) => row.node === 'node3');
    assert.ok(history.length > 0 && history.every((row) => row.desired === 'Shutdown'), JSON.stringify(history));
  });

  test('the node comes back, and what was superseded there is stopped', async () => {
    await cluster.powerOn('node3');
    await until(
      'node3 ready',
      () => cluster.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}}'),
      (listing) => /node3 Ready/.test(listing),
    );
    const engine = cluster.nodes[2]?.engine ?? '';
    const docker = dockerAt(systemExec, engine, undefined);
    const wanted = async (): Promise<number> => (await running()).filter((row) => row.node === 'node3').length;
    await until(
      'only what belongs there runs there',
      async () => (await docker('ps', '--quiet')).split('\n').filter(Boolean).length - (await wanted()),
      (extra) => extra === 0,
    );
  });

  test('stack rm leaves nothing', async () => {
    await cluster.docker('stack', 'rm', 'voting');
    for (const node of cluster.nodes) {
      const docker = dockerAt(systemExec, node.engine, undefined);
      await until(
        `no containers on ${node.name}`,
        () => docker('ps', '--all', '--quiet'),
        (listing) => listing.trim() === '',
      );
      await until(
        `no networks on ${node.name}`,
        () => docker('network', 'ls', '--filter', 'type=custom', '--quiet'),
        (listing) => listing.trim() === '',
      );
    }
  });
});
