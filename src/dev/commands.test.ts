import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Command } from 'commander';
import type { Exec } from '../platform/exec.ts';
import { registerDev } from './commands.ts';
import { layoutCluster } from './layout.ts';
import type { ClusterState } from './state.ts';
import { writeState } from './state.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('not expected'));

/** Runs a command line against a machine on which `exec` answers; returns what was printed. */
async function command(argv: readonly string[], exec: Exec): Promise<string> {
  let printed = '';
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  registerDev(program, {
    ports: { exec, spawn: unused, path: '', member: { init: unused, join: unused, start: unused }, report: () => {} },
    print: (text) => {
      printed += text;
    },
    signal: new AbortController().signal,
  });
  await program.parseAsync(argv, { from: 'user' });
  return printed;
}

const failing: Exec = async () => ({ code: 1, stdout: '', stderr: 'no' });

/** The flags that name a cluster with these nodes, for as long as the test runs. */
async function clusterOf(context: TestContext, nodes: ClusterState['nodes']): Promise<readonly string[]> {
  const root = await mkdtemp(join(tmpdir(), 'tutti-dev-'));
  context.after(async () => await rm(root, { recursive: true }));
  await writeState(layoutCluster('one', { dataDirectory: root, runDirectory: '/run/none' }), {
    version: 1,
    name: 'one',
    subnet: 3,
    agents: true,
    nat: false,
    engineArguments: [],
    nodes,
  });
  return ['--name', 'one', '--data-directory', root, '--run-directory', '/run/none'];
}

test('ls prints the contract with scripts as JSON, and what is off', async (context) => {
  const flags = await clusterOf(
    context,
    (['manager', 'worker'] as const).map((role, index) => ({
      name: `node${index + 1}`,
      address: `10.99.3.${index + 1}`,
      role,
    })),
  );
  const links = 'node1@if2         UP             d2:e1:b1:17:3c:e5 <BROADCAST,MULTICAST,UP,LOWER_UP> \n';
  const exec: Exec = async () => ({ code: 0, stdout: links, stderr: '' });
  const report = JSON.parse(await command(['dev', 'ls', ...flags, '--format', 'json'], exec));
  assert.equal(report.docker, 'unix:///run/none/one/node1/tutti/docker.sock');
  assert.deepEqual(report.nodes[0], {
    name: 'node1',
    address: '10.99.3.1',
    engine: 'unix:///run/none/one/node1/docker.sock',
    namespace: 'tutti-one-node1',
    role: 'manager',
    power: 'on',
    link: 'up',
    answers: false,
  });
  assert.deepEqual([report.nodes[1].power, report.nodes[1].link], ['off', 'none']);
  assert.match(await command(['dev', 'ls', ...flags], exec), /^NODE +ROLE.*\nnode1 +manager/);
});

test('a link that is cut for a time is whole again afterwards', async (context) => {
  const flags = await clusterOf(context, [{ name: 'node1', address: '10.99.3.1', role: 'manager' }]);
  const links: { readonly state: string | undefined; readonly at: number }[] = [];
  const exec: Exec = async (_, words) => {
    links.push({ state: words.at(-1), at: performance.now() });
    return { code: 0, stdout: '', stderr: '' };
  };
  const printed = await command(['dev', 'cut', 'node1', '--for', '20ms', '--format', 'json', ...flags], exec);
  assert.deepEqual(
    links.map(({ state }) => state),
    ['down', 'up'],
  );
  // Node's timers may be early by a part of a millisecond.
  assert.ok((links[1]?.at ?? 0) - (links[0]?.at ?? 0) >= 19);
  assert.ok(JSON.parse(printed).cutForMs >= 19);
  await assert.rejects(command(['dev', 'cut', 'node1', '--for', 'long', ...flags], exec), /a span is needed/);
  await assert.rejects(command(['dev', 'cut', 'node1', '--for', '600h', ...flags], exec), /for a day at most/);
  assert.equal(links.length, 2);
});

test('bad arguments are refused before anything is made', async () => {
  await assert.rejects(command(['dev', 'up', '--nodes', 'x'], failing), /a number is needed/);
  await assert.rejects(command(['dev', 'up', '--nodes', '0'], failing), { code: 'invalid-argument' });
  await assert.rejects(command(['dev', 'up', '--nodes', '2', '--managers', '3'], failing), {
    code: 'invalid-argument',
  });
  await assert.rejects(command(['dev', 'up', '--name', 'A/b'], failing), { code: 'invalid-argument' });
  await assert.rejects(command(['dev', 'cut', 'node1', '--name', 'nosuch'], failing), { code: 'not-found' });
});

test('down without a cluster says so', async () => {
  assert.equal(await command(['dev', 'down', '--name', 'nosuch'], failing), 'nothing to remove\n');
});
