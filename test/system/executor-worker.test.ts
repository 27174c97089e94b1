import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { createMemoryFiles } from '../../src/agent/executor/memory-files.ts';
import type { NetworkPreparer } from '../../src/agent/executor/engine.ts';
import { createWorker } from '../../src/agent/worker/worker.ts';
import type { Worker } from '../../src/agent/worker/worker.ts';
import type { Assignment } from '../../src/model/assignment.ts';
import { assignmentKey } from '../../src/model/protocol.ts';
import type { ConfigId, NetworkId, SecretId } from '../../src/model/ids.ts';
import type { TaskObservation } from '../../src/model/task.ts';
import { createRecordsFile } from '../../src/platform/agent-files.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createEngineClient } from '../../src/platform/engine/client.ts';
import { systemRandomness } from '../../src/platform/random.ts';
import { assignedTask, silentLog } from '../fakes/engine/node.ts';
import type { TaskFields } from '../fakes/engine/node.ts';
import { until } from '../support/until.ts';
import { startTestEngine } from './executor-support.ts';
import type { TestEngine } from './executor-support.ts';

const self: Assignment = {
  kind: 'self',
  id: 'node1' as never,
  name: 'host1',
  clusterId: 'cluster1',
  address: '10.0.0.1',
  overlayAddress: '100.127.0.1',
  overlayMac: '02:00:00:00:00:01',
  overlayMtu: 1450,
  taskHistoryLimit: 5,
};

describe('the worker on a real engine', () => {
  let engine: TestEngine;
  let worker: Worker;
  let client: ReturnType<typeof createEngineClient>;

  const networks: NetworkPreparer = {
    ensure: async (ids) => new Map(ids.map((id: NetworkId) => [id, { dockerNetwork: `net-${id}`, dns: [] }])),
  };
  const startAgent = (): void => {
    worker = createWorker({
      engine: client,
      networks,
      files: createMemoryFiles(engine.memoryDirectory, async () => await Promise.reject(new Error('it is on tmpfs'))),
      records: createRecordsFile(engine.recordsFile),
      clock: systemClock,
      random: systemRandomness,
      log: silentLog,
    });
  };
  const assign = (...rows: readonly Assignment[]): void =>
    worker.apply(new Map([self, ...rows].map((row) => [assignmentKey(row), row])));
  const task = (id: string, { container, ...fields }: TaskFields = {}) =>
    assignedTask(id, { ...fields, container: { image: engine.image, ...container } });
  const observation = (id: string): TaskObservation | undefined =>
    worker.observations().find(({ taskId }) => taskId === id);
  const reaches = async (id: string, state: string): Promise<TaskObservation> => {
    const found = await until(
      `${id} ${state}`,
      () => observation(id),
      (seen) => seen?.state === state,
    );
    assert.ok(found);
    return found;
  };
  const containerOf = (id: string): string => observation(id)?.containers[0]?.containerId ?? '';
  const inside = async (id: string, ...command: readonly string[]): Promise<string> =>
    await engine.docker('exec', containerOf(id), ...command);
  const empty = async (): Promise<void> => {
    assign();
    await until(
      'no container is left',
      async () => await engine.docker('ps', '-aq'),
      (list) => list === '',
    );
    await until(
      'no task is known',
      () => worker.observations(),
      (list) => list.length === 0,
    );
  };

  before(async () => {
    engine = await startTestEngine('ew');
    client = createEngineClient(`unix://${engine.socket}`);
    startAgent();
  });

  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    client?.close();
    await engine?.[Symbol.asyncDispose]();
  });

  test('what the specification says is so inside the container', async () => {
    const container: TaskFields['container'] = {
      env: ['SLOT={{.Task.Slot}}', 'NODE={{.Node.Hostname}}'],
      hostname: '{{.Service.Name}}-{{.Task.Slot}}',
      user: '1000:1000',
      workingDir: '/data',
      hosts: ['elsewhere:192.0.2.7'],
      ulimits: [{ name: 'nofile', soft: 123, hard: 456 }],
      sysctls: { 'net.ipv4.ip_unprivileged_port_start': '7' },
      readOnly: true,
      shmSizeBytes: 2 ** 20,
      resources: { limits: { memoryBytes: 64 * 2 ** 20 } },
      mounts: [
        { type: 'tmpfs', target: '/scratch', tmpfs: { sizeBytes: 2 ** 20, mode: 0o1777 } },
        { type: 'volume', source: 'shared-{{.Task.Slot}}', target: '/data' },
      ],
      secrets: [{ secretId: 's1' as SecretId, secretName: 'password', target: 'password', uid: '1000', mode: 0o400 }],
      configs: [{ configId: 'c1' as ConfigId, configName: 'conf', target: '/etc/app.conf' }],
    };
    const templated = { id: 'c1', name: 'conf', templated: true } as const;
    assign(
      task('spec', { container }),
      { kind: 'secret', id: 's1', name: 'password', data: Buffer.from('hunter2').toString('base64') },
      { kind: 'config', ...templated, data: Buffer.from('slot={{.Task.Slot}} {{env "NODE"}}').toString('base64') },
    );
    await reaches('spec', 'running');
    assert.equal(await inside('spec', 'sh', '-c', 'echo $SLOT $NODE'), '1 host1');
    assert.equal(await inside('spec', 'hostname'), 'web-1');
    assert.equal(await inside('spec', 'id', '-u'), '1000');
    assert.equal(await inside('spec', 'sh', '-c', 'echo $PWD'), '/data');
    // Of the container's own process: in what is executed beside it, runc's Go runtime may have raised the soft limit.
    assert.match(await inside('spec', 'cat', '/proc/1/limits'), /Max open files\s+123\s+456/);
    assert.equal(await inside('spec', 'cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start'), '7');
    assert.match(await inside('spec', 'cat', '/etc/hosts'), /192\.0\.2\.7\s+elsewhere/);
    assert.equal(await inside('spec', 'cat', '/run/secrets/password'), 'hunter2');
    assert.match(await inside('spec', 'ls', '-ln', '/run/secrets/password'), /^-r--------\s+1 1000\s+0/);
    assert.equal(await inside('spec', 'cat', '/etc/app.conf'), 'slot=1 host1');
    assert.equal(
      await inside('spec', 'sh', '-c', 'touch /scratch/x && (touch /y || echo refused) 2>/dev/null'),
      'refused',
    );
    assert.doesNotMatch(await readFile(engine.recordsFile, 'utf8'), /hunter2/);
    await empty();
    await engine.docker('volume', 'rm', 'shared-1');
  });

  test('a crash is succeeded in place, its output stays readable, and removal leaves nothing', async () => {
    assign(task('crash', { container: { stopGraceMs: 500, command: ['sh', '-c', 'echo hello; sleep 1000'] } }));
    await reaches('crash', 'running');
    await engine.docker('kill', containerOf('crash'));
    const { successor = '', error } = await reaches('crash', 'failed');
    assert.equal(error, 'task: non-zero exit (137)');
    await reaches(successor, 'running');
    const options = { follow: false, stdout: true, stderr: true, timestamps: false };
    let output = '';
    for await (const { data } of worker.logs('crash', options, AbortSignal.timeout(10_000)))
      output += Buffer.from(data).toString();
    assert.equal(output, 'hello\n');
    await empty();
  });

  test('an agent that comes back adopts what runs: nothing is started again', async () => {
    assign(task('kept'), task('crashed', { slot: 2 }));
    await reaches('kept', 'running');
    await reaches('crashed', 'running');
    const before = await engine.docker('inspect', '-f', '{{.State.StartedAt}}', containerOf('kept'));
    const crashed = containerOf('crashed');
    await worker[Symbol.asyncDispose]();
    await engine.docker('kill', crashed);
    await rm(engine.recordsFile);
    startAgent();
    assign(task('kept'), task('crashed', { slot: 2 }));
    await reaches('kept', 'running');
    const { successor = '' } = await reaches('crashed', 'failed');
    await reaches(successor, 'running');
    assert.equal(await engine.docker('inspect', '-f', '{{.State.StartedAt}}', containerOf('kept')), before);
    await empty();
  });

  test('an engine that lost power is read again, and everything runs again', async () => {
    assign(task('power'));
    await reaches('power', 'running');
    await engine.powerOff();
    await engine.powerOn();
    const { successor = '' } = await reaches('power', 'failed');
    await reaches(successor, 'running');
    await empty();
  });

  test('an unhealthy container is stopped and succeeded', async () => {
    const healthcheck = { test: ['CMD-SHELL', 'test ! -e /tmp/sick'], intervalMs: 200, retries: 1 };
    assign(task('sick', { container: { healthcheck } }));
    await reaches('sick', 'running');
    await inside('sick', 'touch', '/tmp/sick');
    const { successor = '', error } = await reaches('sick', 'failed');
    assert.equal(error, 'unhealthy container');
    await reaches(successor, 'running');
    await empty();
  });

  test('several networks with given addresses, and a pod that shares them', async () => {
    await engine.docker('network', 'create', '--subnet', '10.81.0.0/24', 'net-one');
    await engine.docker('network', 'create', '--subnet', '10.82.0.0/24', 'net-two');
    const containers = ['app', 'sidecar'].map((name) => ({ name, image: engine.image }));
    const [one, two] = ['one', 'two'] as NetworkId[] as [NetworkId, NetworkId];
    const addresses = [
      { networkId: one, address: '10.81.0.77' },
      { networkId: two, address: '10.82.0.77' },
    ];
    const spec = { containers, networks: [{ networkId: one }, { networkId: two }] };
    assign(assignedTask('pod', { addresses, spec }));
    const { containers: made } = await reaches('pod', 'running');
    assert.equal(made.length, 2);
    for (const { containerId = '' } of made) {
      const seen = await engine.docker('exec', containerId, 'ip', '-4', 'addr');
      assert.match(seen, /10\.81\.0\.77/);
      assert.match(seen, /10\.82\.0\.77/);
    }
    await empty();
    await engine.docker('network', 'rm', 'net-one', 'net-two');
  });

  test('what cannot run says why, and the rest goes on', async () => {
    assign(
      task('fine'),
      task('noimage', { slot: 2, container: { image: 'localhost:1/no/such:1' } }),
      task('nocommand', { slot: 3, container: { command: ['/no/such/command'] } }),
      task('nobind', { slot: 4, container: { mounts: [{ type: 'bind', source: '/no/such', target: '/x' }] } }),
    );
    await reaches('fine', 'running');
    assert.match((await reaches('nocommand', 'failed')).error ?? '', /no such file/);
    assert.match((await reaches('nobind', 'rejected')).error ?? '', /bind source path does not exist/);
    assert.match((await reaches('noimage', 'rejected')).error ?? '', /^No such image: .*refused/);
    await empty();
  });
});
