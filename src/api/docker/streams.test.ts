import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import { frameOf } from './log-stream.ts';
import { drain, serviceBody, startHarness } from './testing/call.ts';

interface Frame {
  readonly stream: number;
  readonly text: string;
}

const framesOf = (bytes: Buffer): readonly Frame[] => {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4);
    frames.push({ stream: bytes.readUInt8(at), text: bytes.subarray(at + 8, at + 8 + length).toString() });
    at += 8 + length;
  }
  return frames;
};

test('a frame is the stream, three zeros, the length and the payload', () => {
  assert.deepEqual([...frameOf('stderr', Buffer.from('hi'))], [2, 0, 0, 0, 0, 0, 0, 2, 0x68, 0x69]);
});

test('logs are framed, each line after its timestamp and details', async () => {
  await using docker = await startHarness({
    openLogs: async function* (_node, _task, { stdout, stderr, timestamps }) {
      const at = timestamps ? '2026-01-02T03:04:05.6Z ' : '';
      if (stdout) yield { stream: 'stdout', data: Buffer.from(`${at}out\n`) };
      if (stderr) yield { stream: 'stderr', data: Buffer.from(`${at}err\n`) };
    },
  });
  const body = serviceBody('web', { Mode: { Replicated: { Replicas: 1 } } });
  await docker.read('POST', '/services/create', { body });
  const [record] = docker.cluster.tasks('web');
  assert.ok(record !== undefined);
  const { id, serviceId, nodeId } = record.task;
  const details = `com.docker.swarm.node.id=${nodeId},com.docker.swarm.service.id=${serviceId},com.docker.swarm.task.id=${id}`;
  const logs = async (target: string): Promise<readonly Frame[]> =>
    framesOf(await drain(await docker.call('GET', target)));
  assert.deepEqual(await logs('/services/web/logs?stdout=1&stderr=1'), [
    { stream: 1, text: 'out\n' },
    { stream: 2, text: 'err\n' },
  ]);
  assert.deepEqual(await logs('/services/web/logs?stdout=1&details=1&timestamps=1'), [
    { stream: 1, text: `2026-01-02T03:04:05.6Z ${details} out\n` },
  ]);
  assert.deepEqual(await logs(`/tasks/${id}/logs?stderr=1&details=1`), [{ stream: 2, text: `${details} err\n` }]);
  const none = await docker.fail('GET', '/services/web/logs');
  assert.equal(none.status, 400);
  assert.match(none.message, /at least one stream/);
});

test('the output of a terminal is one raw stream', async () => {
  await using docker = await startHarness({
    openLogs: async function* () {
      yield { stream: 'stdout', data: Buffer.from('raw\n') };
    },
  });
  const body = serviceBody('tty', { TaskTemplate: { ContainerSpec: { Image: 'a', TTY: true } } });
  await docker.read('POST', '/services/create', { body: { ...body, Mode: { Replicated: { Replicas: 1 } } } });
  assert.equal((await drain(await docker.call('GET', '/services/tty/logs?stdout=1'))).toString(), 'raw\n');
});

test('a node whose log cannot be read does not end the rest', async () => {
  await using docker = await startHarness({
    openLogs: async function* (node) {
      if (node === 'node2') throw new TuttiError('unavailable', 'node2 has no session');
      yield { stream: 'stdout', data: Buffer.from('here\n') };
    },
  });
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  const frames = framesOf(await drain(await docker.call('GET', '/services/web/logs?stdout=1&stderr=1')));
  assert.ok(frames.some(({ text }) => text === 'here\n'));
});

test('events: from the past, filtered, one JSON value per line', async () => {
  await using docker = await startHarness();
  const { clock } = docker.cluster;
  clock.advance(10);
  const since = clock.now() / 1000;
  clock.advance(1000);
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  await docker.read('POST', '/networks/create', { body: { Name: 'front', Driver: 'overlay' } });
  clock.advance(1000);
  const until = clock.now() / 1000;
  clock.advance(1000);
  const events = async (filters: unknown) => {
    const target = `/events?since=${since}&until=${until}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
    const text = (await drain(await docker.call('GET', target))).toString();
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map(
      (line) => JSON.parse(line) as { Type: string; Action: string; Actor: { Attributes: { name: string } } },
    );
  };
  const all = await events({});
  assert.deepEqual(new Set(all.map(({ Type }) => Type)), new Set(['service', 'network']));
  const created = await events({ type: ['service'], event: ['create'] });
  assert.deepEqual(
    created.map(({ Actor }) => Actor.Attributes.name),
    ['web'],
  );
  assert.equal(
    (await events({ network: ['fro'] })).every(({ Type }) => Type === 'network'),
    true,
  );
  assert.deepEqual(await events({ container: ['x'] }), []);
  assert.ok((await events({ type: ['task'] })).length > 0);
});

test('a stream of events ends when the client hangs up', async () => {
  await using docker = await startHarness();
  const hangUp = new AbortController();
  const reply = await docker.call('GET', '/events', { signal: hangUp.signal });
  const draining = drain(reply).catch((thrown: unknown) => thrown);
  hangUp.abort(new DOMException('gone', 'AbortError'));
  await draining;
});
