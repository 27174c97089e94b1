import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { systemExec } from '../../src/platform/exec.ts';
import { until } from '../support/until.ts';
import { ports } from './lib/cluster.ts';
import { votingAppArchive } from './lib/images.ts';
import { castVotes, readResult, voterNumber } from './lib/votes.ts';

const program = fileURLToPath(new URL('../../bin/demo.ts', import.meta.url));

/** What the demo may leave on this machine: nothing. */
async function traces(): Promise<string> {
  const commands = [
    ['ip', 'netns', 'list'],
    ['mount'],
    ['docker', 'context', 'ls', '--format', '{{.Name}}'],
    ['ps', '-eo', 'args'],
    ['find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', 'tutti-dev-demo'],
    ['find', '/var/lib/tutti-dev/demo', '/run/tutti-dev/demo', '-maxdepth', '0'],
  ];
  const outputs = await Promise.all(
    commands.map(async ([command = '', ...args]) => (await systemExec(command, args)).stdout),
  );
  const lines = outputs.flatMap((output) => output.split('\n'));
  return lines.filter((line) => /tutti-(dev-|dev\/)?demo/.test(line) && !line.startsWith('find ')).join('\n');
}

test('the demo runs until Ctrl-C, can be voted in on this machine, and leaves nothing', async () => {
  // Not a part of what is tested here, and slow the first time.
  await votingAppArchive(ports);
  const demo = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(demo, 'exit');
  try {
    let printed = '';
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const invited = await until(
      'the invitation',
      () => printed,
      (text) => text.includes('Ctrl-C') || demo.exitCode !== null,
      { deadlineMs: 300_000, everyMs: 100 },
    );
    assert.equal(demo.exitCode, null, `the demo ended, having printed: ${invited}`);
    const [voteUrl = '', resultUrl = ''] = [...invited.matchAll(/http:\/\/127\.0\.0\.1:\d+\//g)].map(String);
    const ballots = [1, 2, 3].map((number) => ({ voter: voterNumber(number), choice: 'b' }) as const);
    await castVotes({ url: voteUrl, ballots, concurrency: 1, patienceMs: 30_000 });
    await until(
      'the votes to be counted',
      () => readResult(resultUrl),
      ({ a, b }) => a === 0 && b === 3,
    );
    const context = /--context (\S+)/.exec(invited)?.[1] ?? '';
    const nodes = await systemExec('docker', ['--context', context, 'node', 'ls', '--format', '{{.Hostname}}']);
    assert.deepEqual(nodes.stdout.trim().split('\n').toSorted(), ['node1', 'node2', 'node3']);
  } finally {
    demo.kill('SIGINT');
  }
  const [code] = await exited;
  assert.equal(code, 0);
  assert.equal(await traces(), '');
});
