import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { NodeResponse } from '../../rpc/transport.ts';
import { drain } from './testing/call.ts';
import { progressReply } from './image-progress.ts';

const said = (status: number, ...lines: readonly unknown[]): Promise<NodeResponse> => {
  const body = async function* () {
    for (const line of lines) {
      await Promise.resolve();
      yield Buffer.from(`${JSON.stringify(line)}\r\n`);
    }
  };
  return Promise.resolve({ status, body: body() });
};

const pull = (...more: readonly unknown[]) =>
  said(200, { status: 'Pulling from library/app', id: '1' }, { status: 'Downloading', id: 'ab12' }, ...more);
const done = [{ status: 'Digest: sha256:1' }, { status: 'Status: Downloaded newer image for app:1' }];

const reply = async (parts: Readonly<Record<string, Promise<NodeResponse>>>) => {
  const named = Object.entries(parts).map(([nodeName, response]) => ({ nodeName, response }));
  const options = {
    signal: new AbortController().signal,
    remark: (status: string) => ({ status }),
    undone: 'not pulled',
  };
  const answer = await progressReply(named, options);
  if (answer.kind !== 'stream') return answer;
  const text = (await drain(answer)).toString();
  return text
    .trim()
    .split('\r\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
};

test('the lines of one node are as they are', async () => {
  assert.deepEqual(await reply({ node1: pull(...done) }), [
    { status: 'Pulling from library/app', id: '1' },
    { status: 'Downloading', id: 'ab12' },
    ...done,
  ]);
});

test('lines with ids are named by node, the rest is told once at the end', async () => {
  const lines = await reply({ node1: pull(...done), node2: pull(...done) });
  assert.ok(Array.isArray(lines));
  assert.deepEqual(
    lines
      .slice(0, 4)
      .map(({ id }) => id)
      .toSorted((a, b) => String(a).localeCompare(String(b))),
    ['node1: 1', 'node1: ab12', 'node2: 1', 'node2: ab12'],
  );
  assert.deepEqual(lines.slice(4), done);
});

test('a node that fails is a remark where another succeeds', async () => {
  const lines = await reply({
    node1: pull(...done),
    node2: pull({ error: 'the disk is full', errorDetail: { message: 'the disk is full' } }),
    node3: said(500, { message: 'no route to the registry' }),
    node4: Promise.reject(new TuttiError('unavailable', 'node4 is not connected')),
  });
  assert.ok(Array.isArray(lines));
  assert.deepEqual(
    lines
      .slice(-3)
      .map(({ status }) => status)
      .toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      'node2: not pulled: the disk is full',
      'node3: not pulled: no route to the registry',
      'node4: not pulled: node4 is not connected',
    ],
  );
});

test('where all refuse the answer is a refusal, where all fail on the way it is an error of the stream', async () => {
  const refused = said(404, { message: 'pull access denied' });
  assert.deepEqual(await reply({ node1: refused }), {
    kind: 'json',
    status: 404,
    body: { message: 'pull access denied' },
  });
  assert.deepEqual(await reply({}), { kind: 'json', status: 503, body: { message: 'no node is ready' } });
  const lines = await reply({ node1: pull({ error: 'it broke' }), node2: pull({ error: 'it broke' }) });
  assert.ok(Array.isArray(lines));
  assert.deepEqual(lines.at(-1), { errorDetail: { message: 'it broke' }, error: 'it broke' });
});
