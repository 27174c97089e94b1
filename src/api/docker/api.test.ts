import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceBody, startHarness } from './testing/call.ts';
import type { Harness } from './testing/call.ts';

interface Inspected {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Name: string; readonly TaskTemplate: { readonly ContainerSpec: { Image: string } } };
}

const inspect = async (docker: Harness, name: string): Promise<Inspected> =>
  (await docker.read('GET', `/services/${name}`)) as Inspected;

const named = async (docker: Harness, target: string): Promise<readonly string[]> => {
  const found = (await docker.read('GET', target)) as readonly { Spec?: { Name: string }; Name?: string }[];
  return found.map((each) => each.Spec?.Name ?? each.Name ?? '').toSorted();
};

const filter = (filters: unknown): string => `filters=${encodeURIComponent(JSON.stringify(filters))}`;

test('a service is updated at its version and rolled back', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  const before = await inspect(docker, 'web');
  const version = before.Version.Index;
  before.Spec.TaskTemplate.ContainerSpec.Image = 'nginx:2';
  await docker.read('POST', `/services/web/update?version=${version}`, { body: before.Spec });
  assert.equal((await inspect(docker, 'web')).Spec.TaskTemplate.ContainerSpec.Image, 'nginx:2');
  const late = await docker.fail('POST', `/services/web/update?version=${version}`, { body: before.Spec });
  assert.equal(late.status, 500);
  assert.match(late.message, /^update out of sequence/);
  const now = (await inspect(docker, 'web')).Version.Index;
  await docker.read('POST', `/services/web/update?version=${now}&rollback=previous`, { body: before.Spec });
  assert.equal((await inspect(docker, 'web')).Spec.TaskTemplate.ContainerSpec.Image, 'nginx:latest');
});

test('a name that is taken, a name that would change, a name that is missing', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  const taken = await docker.fail('POST', '/services/create', { body: serviceBody('web') });
  assert.equal(taken.status, 409);
  const { Version } = await inspect(docker, 'web');
  const renamed = await docker.fail('POST', `/services/web/update?version=${Version.Index}`, {
    body: serviceBody('other'),
  });
  assert.equal(renamed.status, 501);
  assert.match(renamed.message, /renaming services is not supported/);
  await docker.read('POST', '/services/create', { body: serviceBody('') });
  assert.equal((await named(docker, '/services')).length, 2);
});

test('an update without meaning for the tasks replaces none, though clients drop what is false', async () => {
  await using docker = await startHarness();
  const { manager } = docker.cluster;
  await docker.cluster.create('web', {
    task: {
      containers: [{ name: 'main', image: 'app:1', tty: false, privileged: true, env: [] }],
      forceUpdate: 0,
    },
  });
  await docker.cluster.settle();
  const before = manager.queries.service('web').service;
  const { Version, Spec } = await inspect(docker, 'web');
  await docker.read('POST', `/services/web/update?version=${Version.Index}`, {
    body: {
      ...Spec,
      Labels: { new: 'label' },
      TaskTemplate: { ContainerSpec: { Image: 'app:1' }, ForceUpdate: 0, Runtime: 'container' },
    },
  });
  const after = manager.queries.service('web').service;
  assert.equal(after.specVersion, before.specVersion);
  assert.equal(after.spec.task.containers[0]?.privileged, true);
  assert.deepEqual(after.spec.labels, { new: 'label' });
});

test('credentials are kept by an update and shown to nobody', async () => {
  await using docker = await startHarness();
  const { manager } = docker.cluster;
  const auth = Buffer.from(JSON.stringify({ username: 'u', password: 'hunter2' })).toString('base64url');
  const body = serviceBody('web');
  body.TaskTemplate.ContainerSpec.Image = 'registry.example.org:5000/web:1';
  await docker.read('POST', '/services/create', { body, headers: { 'x-registry-auth': auth } });
  const expected = { 'registry.example.org:5000': auth };
  assert.deepEqual(manager.queries.service('web').service.spec.task.pullCredentials, expected);
  const { Version, Spec } = await inspect(docker, 'web');
  await docker.read('POST', `/services/web/update?version=${Version.Index}&registryAuthFrom=spec`, {
    body: { ...Spec, Labels: { a: 'b' } },
  });
  assert.deepEqual(manager.queries.service('web').service.spec.task.pullCredentials, expected);
  const shown = JSON.stringify([
    await docker.read('GET', '/services'),
    await docker.read('GET', '/services/web'),
    await docker.read('GET', '/tasks'),
  ]);
  assert.ok(!shown.includes(auth));
  const bad = await docker.fail('POST', '/services/create', {
    body: serviceBody('bad'),
    headers: { 'x-registry-auth': '%%%hunter2' },
  });
  assert.equal(bad.status, 400);
  assert.ok(!bad.message.includes('hunter2'));
});

test('services are filtered by name, id, label and mode', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/services/create', { body: serviceBody('web', { Labels: { tier: 'front', a: 'b' } }) });
  await docker.read('POST', '/services/create', { body: serviceBody('web2', { Labels: { tier: 'back' } }) });
  await docker.read('POST', '/services/create', { body: serviceBody('agent', { Mode: { Global: {} } }) });
  const { ID } = await inspect(docker, 'web2');
  const cases: readonly (readonly [unknown, readonly string[]])[] = [
    [{ name: { web: true } }, ['web', 'web2']],
    [{ name: ['web2', 'agent'] }, ['agent', 'web2']],
    [{ name: { web: false } }, ['agent', 'web', 'web2']],
    [{ id: { [ID]: true } }, ['web2']],
    [{ label: { tier: true } }, ['web', 'web2']],
    [{ label: { 'tier=front': true, a: true } }, ['web']],
    [{ label: { toString: true } }, []],
    [{ mode: { global: true } }, ['agent']],
    [{ mode: { global: true }, name: { web: true } }, []],
  ];
  for (const [filters, expected] of cases) {
    assert.deepEqual(await named(docker, `/services?${filter(filters)}`), expected, JSON.stringify(filters));
  }
});

test('tasks are filtered by service, node, state, and whether they are up to date', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/services/create', {
    body: serviceBody('web', { Mode: { Replicated: { Replicas: 4 } } }),
  });
  await docker.read('POST', '/services/create', { body: serviceBody('agent', { Mode: { Global: {} } }) });
  const count = async (filters: unknown): Promise<number> =>
    ((await docker.read('GET', `/tasks?${filter(filters)}`)) as readonly unknown[]).length;
  assert.equal(await count({}), 6);
  assert.equal(await count({ service: ['web'] }), 4);
  assert.equal(await count({ service: ['web', 'agent'] }), 6);
  const unknown = `/tasks?${filter({ service: ['nope'] })}`;
  assert.deepEqual(await docker.fail('GET', unknown), { status: 404, message: 'service nope not found' });
  assert.equal(await count({ node: ['node1'] }), 3);
  assert.equal(await count({ node: ['self'], service: ['agent'] }), 1);
  assert.equal(await count({ 'desired-state': ['running'] }), 6);
  assert.equal(await count({ 'desired-state': ['shutdown'] }), 0);
  assert.equal(await count({ name: ['web.1'] }), 1);
  assert.equal(await count({ '_up-to-date': ['true'], service: ['web'] }), 4);
});

test('nodes: inspect, drain, label, remove', async () => {
  await using docker = await startHarness();
  const node = (await docker.read('GET', '/nodes/node2')) as { readonly Version: { readonly Index: number } };
  const body = { Role: 'worker', Availability: 'drain', Labels: { zone: 'a' } };
  await docker.read('POST', `/nodes/node2/update?version=${node.Version.Index}`, { body });
  const find = async (filters: unknown): Promise<number> =>
    ((await docker.read('GET', `/nodes?${filter(filters)}`)) as readonly unknown[]).length;
  assert.equal(await find({ 'node.label': ['zone=a'] }), 1);
  assert.equal(await find({ role: ['manager'] }), 1);
  assert.equal(await find({ name: ['node'] }), 2);
  assert.equal(await find({ membership: ['pending'] }), 0);
  const { Version } = (await docker.read('GET', '/nodes/node2')) as { readonly Version: { readonly Index: number } };
  const promoted = await docker.fail('POST', `/nodes/node2/update?version=${Version.Index}`, {
    body: { ...body, Role: 'manager' },
  });
  assert.equal(promoted.status, 501);
  const refused = await docker.fail('DELETE', '/nodes/node2');
  assert.equal(refused.status, 400);
  assert.match(refused.message, /not down/);
});

test('an encrypted network is refused where nothing is encrypted, and comes with a remark where it depends on the nodes', async () => {
  await using docker = await startHarness();
  const { commands, queries } = docker.cluster.manager;
  const encrypt = async (encryption: 'on' | 'off'): Promise<void> => {
    const { version, spec } = queries.cluster();
    await commands.updateCluster(version, { ...spec, encryption });
  };
  const body = (Name: string) => ({ body: { Name, Driver: 'overlay', Options: { encrypted: '' } } });
  const first = (await docker.read('POST', '/networks/create', body('first'))) as { readonly Warning: string };
  assert.match(first.Warning, /that have WireGuard/);
  await encrypt('on');
  const second = (await docker.read('POST', '/networks/create', body('second'))) as { readonly Warning: string };
  assert.equal(second.Warning, '');
  await encrypt('off');
  const { status, message } = await docker.fail('POST', '/networks/create', body('third'));
  assert.deepEqual([status, /tutti encryption on/.test(message)], [400, true]);
});

test('networks: drivers, scopes, filters, and what is on them', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/networks/create', {
    body: { Name: 'front', Driver: 'overlay', Labels: { a: 'b' }, IPAM: { Config: [{ Subnet: '10.77.0.0/16' }] } },
  });
  await docker.read('POST', '/networks/create', { body: { Name: 'back', Driver: 'bridge' } });
  const { Driver, Scope } = (await docker.read('GET', '/networks/back')) as Record<string, unknown>;
  assert.deepEqual({ Driver, Scope }, { Driver: 'bridge', Scope: 'local' });
  const again = await docker.fail('POST', '/networks/create', { body: { Name: 'back', Driver: 'bridge' } });
  assert.deepEqual(again, { status: 409, message: 'network with name back already exists' });
  await docker.read('DELETE', '/networks/back');
  const predefined = await docker.fail('DELETE', '/networks/bridge');
  assert.deepEqual(predefined, { status: 403, message: 'bridge is a pre-defined network and cannot be removed' });
  const dhcp = { Name: 'x', Driver: 'overlay', IPAM: { Driver: 'dhcp' } };
  assert.equal((await docker.fail('POST', '/networks/create', { body: dhcp })).status, 501);
  assert.deepEqual(await named(docker, `/networks?${filter({ label: ['a=b'] })}`), ['front']);
  assert.deepEqual(await named(docker, `/networks?${filter({ type: ['custom'] })}`), ['front', 'ingress']);
  assert.deepEqual(await named(docker, `/networks?${filter({ name: ['ron'] })}`), ['front']);
  await docker.read('POST', '/services/create', {
    body: serviceBody('web', {
      TaskTemplate: { ContainerSpec: { Image: 'a' }, Networks: [{ Target: 'front' }] },
    }),
  });
  const front = (await docker.read('GET', '/networks/front')) as {
    readonly Containers: Readonly<Record<string, { readonly IPv4Address: string }>>;
    readonly IPAM: { readonly Config: readonly { readonly Subnet: string }[] };
  };
  assert.equal(front.IPAM.Config[0]?.Subnet, '10.77.0.0/16');
  const addresses = Object.values(front.Containers).map(({ IPv4Address }) => IPv4Address);
  // Its two tasks, and the balancer, as Swarm lists it.
  assert.equal(addresses.length, 3);
  assert.ok(Object.hasOwn(front.Containers, 'lb-front'));
  assert.ok(addresses.every((address) => /^10\.77\.\d+\.\d+\/16$/.test(address)));
  // As tasks have it, a network is Swarm's own object.
  const [task] = (await docker.read('GET', '/tasks')) as readonly {
    readonly NetworksAttachments: readonly { readonly Network: Readonly<Record<string, unknown>> }[];
  }[];
  const [attached] = task?.NetworksAttachments ?? [];
  assert.partialDeepStrictEqual(attached?.Network, {
    ID: ((await docker.read('GET', '/networks/front')) as { readonly Id: string }).Id,
    Spec: { Name: 'front', Labels: { a: 'b' }, DriverConfiguration: { Name: 'overlay' }, Scope: 'swarm' },
    IPAMOptions: { Configs: [{ Subnet: '10.77.0.0/16' }] },
  });
  const used = await docker.fail('DELETE', '/networks/front');
  assert.equal(used.status, 400);
  assert.match(used.message, /in use/);
  assert.equal((await docker.fail('GET', '/networks/front?scope=local')).status, 404);
});

test('secrets and configs: never the data of a secret, labels can change, data cannot', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/secrets/create', { body: { Name: 'key', Data: 'c2VjcmV0' } });
  await docker.read('POST', '/configs/create', { body: { Name: 'conf', Data: 'dGV4dA==' } });
  const secret = (await docker.read('GET', '/secrets/key')) as { readonly Version: { readonly Index: number } };
  assert.ok(!JSON.stringify(secret).includes('c2VjcmV0'));
  const at = `/secrets/key/update?version=${secret.Version.Index}`;
  const changed = await docker.fail('POST', at, { body: { Name: 'key', Data: 'bmV3' } });
  assert.equal(changed.status, 400);
  await docker.read('POST', at, { body: { Name: 'key', Labels: { a: 'b' } } });
  assert.deepEqual(await named(docker, `/secrets?${filter({ label: ['a'] })}`), ['key']);
  const config = (await docker.read('GET', '/configs/conf')) as { readonly Spec: { readonly Data: string } };
  assert.equal(config.Spec.Data, 'dGV4dA==');
  for (const [kind, bytes] of [
    ['secret', 512_000],
    ['config', 1_024_000],
  ] as const) {
    const create = (length: number): [string, string, { readonly body: unknown }] => {
      const Data = Buffer.alloc(length).toString('base64');
      return ['POST', `/${kind}s/create`, { body: { Name: 'large', Data } }];
    };
    const message = `${kind} data must be larger than 0 and less than ${bytes} bytes`;
    assert.deepEqual(await docker.fail(...create(bytes)), { status: 400, message });
    await docker.read(...create(bytes - 1));
  }
  const driver = await docker.fail('POST', '/secrets/create', { body: { Name: 'x', Driver: { Name: 'vault' } } });
  assert.equal(driver.status, 501);
});

test('the swarm: settings change at its version, tokens are rotated, what is not there says so', async () => {
  await using docker = await startHarness();
  interface Swarm {
    readonly Version: { readonly Index: number };
    readonly Spec: Readonly<Record<string, unknown>>;
    readonly JoinTokens: { readonly Worker: string };
  }
  const read = async (): Promise<Swarm> => (await docker.read('GET', '/swarm')) as Swarm;
  const before = await read();
  const body = { ...before.Spec, Orchestration: { TaskHistoryRetentionLimit: 2 } };
  await docker.read('POST', `/swarm/update?version=${before.Version.Index}`, { body });
  assert.equal(docker.cluster.manager.queries.cluster().spec.taskHistoryLimit, 2);
  assert.equal((await docker.fail('POST', `/swarm/update?version=${before.Version.Index}`, { body })).status, 500);
  const now = await read();
  await docker.read('POST', `/swarm/update?version=${now.Version.Index}&rotateWorkerToken=true`, { body: now.Spec });
  assert.notEqual((await read()).JoinTokens.Worker, now.JoinTokens.Worker);
  const update = async (more: object): Promise<string> => {
    const { Version, Spec } = await read();
    return `/swarm/update?version=${Version.Index} ${JSON.stringify({ ...Spec, ...more })}`;
  };
  const [lock = '', locked = ''] = (await update({ EncryptionConfig: { AutoLockManagers: true } })).split(' ');
  await docker.read('POST', lock, { body: JSON.parse(locked) });
  assert.match(JSON.stringify(await docker.read('GET', '/swarm/unlockkey')), /SWMKEY-1-/);
  const [external = '', body2 = ''] = (await update({ CAConfig: { ExternalCAs: [{ URL: 'https://ca' }] } })).split(' ');
  assert.equal((await docker.fail('POST', external, { body: JSON.parse(body2) })).status, 501);
  assert.equal((await docker.fail('POST', '/swarm/init')).status, 503);
});

test('every answer tells the API version', async () => {
  await using docker = await startHarness();
  for (const target of ['/_ping', '/v1.24/info', '/nowhere']) {
    const reply = await docker.call('GET', target);
    assert.equal(reply.headers?.['api-version'], '1.51');
  }
  assert.equal((await docker.call('HEAD', '/_ping')).headers?.['swarm'], 'active/manager');
});
