import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId, SecretId } from '../../model/ids.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import { aServiceSpec, TestCluster } from '../testing/cluster.ts';

const rejects = async (promise: Promise<unknown>, code: string, message: RegExp): Promise<void> => {
  await assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
};

const onNetwork = (spec: ServiceSpec, name: string): ServiceSpec => ({
  ...spec,
  task: { ...spec.task, networks: [{ networkId: name as NetworkId }] },
});
const published = (port: number): Partial<ServiceSpec> => ({
  endpoint: { ports: [{ protocol: 'tcp', target: 80, published: port, mode: 'ingress' }] },
});

test("the cluster's own ports cannot be published", async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.store.update((transaction) => {
    for (const node of transaction.list('node')) {
      transaction.update('node', { ...node, managerAddress: '10.0.0.1:12377' });
    }
  });
  await rejects(cluster.create('x', published(12_377)), 'conflict', /port 12377\/tcp is the managers' own/);
  const overlay = { protocol: 'udp', target: 80, published: 4797, mode: 'host' } as const;
  await rejects(cluster.create('x', { endpoint: { ports: [overlay] } }), 'conflict', /4797\/udp is the overlay/);
  await cluster.create('x', published(2377));
  const [service] = [...cluster.store.view.list('service')];
  assert.ok(service);
  const spec = { ...service.spec, ...published(12_377) };
  await rejects(cluster.manager.commands.updateService('x', service.version, spec), 'conflict', /managers' own/);
});

test('services: what cannot be is refused with its reason', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  await cluster.create('web', published(8080));
  await rejects(cluster.create('web'), 'already-exists', /web/);
  await rejects(
    cluster.create('other', published(8080)),
    'conflict',
    /port 8080\/tcp is already in use by service web/,
  );
  await rejects(
    commands.createService(onNetwork(aServiceSpec('x'), 'nowhere')),
    'not-found',
    /network nowhere not found/,
  );
  await rejects(
    commands.createService(onNetwork(aServiceSpec('x'), 'ingress')),
    'invalid-argument',
    /attached to the ingress network/,
  );
  const secretSpec = aServiceSpec('x', {
    task: {
      containers: [
        { name: 'main', image: 'a', secrets: [{ secretId: 'gone' as SecretId, secretName: 'gone', target: 'gone' }] },
      ],
    },
  });
  await rejects(commands.createService(secretSpec), 'not-found', /secret gone not found/);
  const constrained = aServiceSpec('x');
  const task = { ...constrained.task, placement: { constraints: ['node.hostnam == a'] } };
  await rejects(commands.createService({ ...constrained, task }), 'invalid-argument', /node\.hostnam/);
  const { service } = queries.service('web');
  await rejects(commands.updateService('web', service.version - 1, service.spec), 'version-mismatch', /./);
  await rejects(
    commands.updateService('web', service.version, { ...service.spec, name: 'b' }),
    'invalid-argument',
    /renamed/,
  );
  await rejects(
    commands.updateService('web', service.version, { ...service.spec, mode: { kind: 'global' } }),
    'not-implemented',
    /cannot become global/,
  );
  await rejects(commands.rollbackService('web', service.version), 'conflict', /does not have a previous spec/);
  await rejects(commands.removeService('nothing'), 'not-found', /service nothing not found/);
});

test('what the cluster notes on a service is in the way of no client that read it before; another specification is', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  await cluster.create('web');
  await cluster.settle();
  const { service: first } = queries.service('web');
  const changed = { ...first.spec, task: { ...first.spec.task, forceUpdate: 1 } };
  await commands.updateService('web', first.version, changed);
  const { service: read } = queries.service('web');
  await cluster.pass(10_000);
  const { service: noted } = queries.service('web');
  assert.equal(noted.updateStatus?.state, 'completed');
  assert.ok(noted.version > read.version);
  await rejects(commands.updateService('web', noted.version + 1, read.spec), 'version-mismatch', /out of sequence/);
  await commands.updateService('web', read.version, { ...read.spec, task: { ...read.spec.task, forceUpdate: 2 } });
  await rejects(commands.updateService('web', noted.version, read.spec), 'version-mismatch', /out of sequence/);
  await rejects(commands.rollbackService('web', read.version), 'version-mismatch', /out of sequence/);
  await cluster.settle();
  await rejects(commands.updateService('web', noted.version, read.spec), 'version-mismatch', /out of sequence/);
});

test('what an agent tells of its node is in the way of no client that read the node before it', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const { node: read } = queries.node('node1');
  const { description } = read;
  assert.ok(description !== undefined);
  await cluster.store.update((transaction) => {
    const row = transaction.get('node', read.id);
    assert.ok(row !== undefined);
    transaction.update('node', { ...row, description: { ...description, agentVersion: 'next' } });
  });
  await commands.updateNode('node1', read.version, { ...read.spec, labels: { disk: 'ssd' } });
  const again = commands.updateNode('node1', read.version, { ...read.spec, labels: { disk: 'tape' } });
  await rejects(again, 'version-mismatch', /out of sequence/);
  assert.equal(queries.node('node1').node.description?.agentVersion, 'next');
});

test('a constraint that nothing meets is a warning, and the pending task says why', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const spec = aServiceSpec('web');
  const task = { ...spec.task, placement: { constraints: ['node.labels.disk == ssd'] } };
  const { warnings } = await cluster.manager.commands.createService({ ...spec, task });
  assert.match(warnings[0] ?? '', /no node meets the constraints \(node\.labels\.disk == ssd\) of service web/);
  await cluster.settle();
  const explanation = cluster.manager.queries.explain('web.1');
  assert.deepEqual(explanation.refusals, [
    { filter: 'constraint', reason: 'do not meet node.labels.disk==ssd', nodes: 2 },
  ]);
  assert.match(explanation.summary, /^It has no node yet: no suitable node \(2 do not meet/);
  const { node } = cluster.manager.queries.node('node1');
  await cluster.manager.commands.updateNode('node1', node.version, { ...node.spec, labels: { disk: 'ssd' } });
  await cluster.settle();
  assert.equal(cluster.running('web')[0]?.task.nodeId, 'node1');
});

test('networks, secrets and configs in use are kept, and say by whom', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  await commands.createNetwork({ name: 'net', driver: 'overlay' });
  assert.equal(queries.network('net').subnet, '10.128.16.0/20');
  await rejects(
    commands.createNetwork({ name: 'two', driver: 'overlay', ipam: { configs: [{ subnet: '10.128.16.0/24' }] } }),
    'invalid-argument',
    /overlaps 10\.128\.16\.0\/20 of network net/,
  );
  await commands.createSecret({ name: 'key', data: 'YQ==' });
  const spec = onNetwork(aServiceSpec('web'), 'net');
  const [main] = spec.task.containers;
  assert.ok(main !== undefined);
  const secrets = [{ secretId: 'key' as SecretId, secretName: 'key', target: 'key' }];
  await commands.createService({ ...spec, task: { ...spec.task, containers: [{ ...main, secrets }] } });
  await cluster.settle();
  assert.ok(cluster.agent('node1').assignments.has(`secret:${queries.secret('key').id}`));
  await rejects(commands.removeNetwork('net'), 'in-use', /network net is in use by service web/);
  await rejects(commands.removeNetwork('host'), 'permission-denied', /cannot be removed/);
  await rejects(commands.removeSecret('key'), 'in-use', /secret 'key' is in use by the following service: web/);
  const { version } = queries.secret('key');
  await rejects(
    commands.updateSecret('key', version, { name: 'key', data: 'Yg==' }),
    'invalid-argument',
    /only updates to Labels are allowed/,
  );
  await commands.removeService('web');
  await commands.removeNetwork('net');
  await commands.removeSecret('key');
  await cluster.settle();
  const kinds = [...cluster.agent('node1').assignments.values()].map(({ kind }) => kind);
  assert.deepEqual(kinds, ['self']);
});

test('nodes: the last manager stays, a node that is up needs force, and its tasks go elsewhere', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { commands, queries } = cluster.manager;
  await cluster.addNode('boss', { role: 'manager' });
  await cluster.create('web', { mode: { kind: 'replicated', replicas: 6 } });
  await cluster.settle();
  const { node } = queries.node('boss');
  await rejects(
    commands.updateNode('boss', node.version, { ...node.spec, role: 'worker' }),
    'conflict',
    /last manager/,
  );
  await rejects(commands.removeNode('boss', true), 'conflict', /last manager/);
  await rejects(commands.removeNode('node2', false), 'conflict', /is ready, not down/);
  cluster.agent('node2').connected = false;
  await commands.removeNode('node2', true);
  await cluster.settle();
  assert.equal(cluster.running('web').length, 6);
  const lost = cluster.tasks('web').filter(({ task }) => task.nodeId === 'node2');
  assert.ok(lost.every(({ status }) => status.state === 'orphaned'));
});

const aStack = (services: readonly ServiceSpec[]): StackSpec => ({
  name: 'app',
  services: services.map((spec) => ({ ...spec, labels: { 'com.docker.stack.namespace': 'app' } })),
  networks: [{ name: 'app_default', driver: 'overlay', labels: { 'com.docker.stack.namespace': 'app' } }],
  secrets: [{ name: 'app_key', data: 'YQ==', labels: { 'com.docker.stack.namespace': 'app' } }],
  configs: [],
});

test('what a service waits for is missed only when its stack has none of it either', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands } = cluster.manager;
  const db = aServiceSpec('app_db');
  const dependsOn = [{ service: 'app_db', condition: 'started' as const }];
  const web = { ...aServiceSpec('app_web'), dependsOn };
  const alone = await commands.planStack(aStack([web]), { prune: false });
  assert.match(alone.warnings.join(), /waits for service app_db, which does not exist yet/);
  assert.deepEqual((await commands.applyStack(aStack([web, db]), { prune: false })).warnings, []);
});

test('a stack is deployed whole or not at all, again without a change, pruned, and removed with everything', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { commands, queries } = cluster.manager;
  const web = onNetwork(aServiceSpec('app_web', published(8080)), 'app_default');
  const db = onNetwork(aServiceSpec('app_db'), 'app_default');
  await cluster.create('other', published(9090));
  const taken = onNetwork(aServiceSpec('app_web', published(9090)), 'app_default');
  await rejects(commands.planStack(aStack([db, taken]), { prune: false }), 'conflict', /port 9090/);
  await rejects(commands.applyStack(aStack([db, taken]), { prune: false }), 'conflict', /port 9090/);
  assert.deepEqual(queries.stacks(), []);
  await commands.applyStack(aStack([web, db]), { prune: false });
  await cluster.settle();
  assert.deepEqual(queries.stacks(), [{ name: 'app', services: 2, networks: 1, secrets: 1, configs: 0 }]);
  assert.equal(cluster.running('app_web').length, 1);
  const before = cluster.running('app_web')[0]?.task.id;
  const again = await commands.applyStack(aStack([web, db]), { prune: false });
  assert.ok(again.actions.every(({ kind }) => kind === 'unchanged'));
  const pruned = await commands.applyStack(aStack([web]), { prune: true });
  assert.deepEqual(
    pruned.actions.filter(({ kind }) => kind === 'remove').map(({ name }) => name),
    ['app_db'],
  );
  await cluster.settle();
  assert.equal(cluster.running('app_web')[0]?.task.id, before);
  const { removed } = await commands.removeStack('app');
  assert.deepEqual(
    removed.map(({ kind, name }) => `${kind} ${name}`),
    ['service app_web', 'network app_default', 'secret app_key'],
  );
  // The names are free at once.
  await commands.applyStack(aStack([web]), { prune: false });
  await cluster.settle();
  assert.equal(cluster.running('app_web').length, 1);
  await commands.removeStack('app');
  await rejects(commands.removeStack('app'), 'not-found', /nothing found in stack: app/);
});

test('the ingress network is taken away while nothing needs it, and made anew otherwise', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const ingress = { name: 'doors', driver: 'overlay', ingress: true } as const;
  await cluster.create('web', published(8080));
  const { service: web } = queries.service('web');
  await rejects(commands.removeNetwork('ingress'), 'in-use', new RegExp(`because service ${web.id} depends on it`));
  await rejects(commands.createNetwork(ingress), 'already-exists', /ingress network \(\w+\) is already present/);
  await commands.removeService('web');
  await commands.removeNetwork('ingress');
  await rejects(cluster.create('web', published(8080)), 'conflict', /no ingress network is present/);
  await cluster.create('plain');
  const { service: plain } = queries.service('plain');
  const wish = { ...plain.spec, ...published(8081) };
  await rejects(commands.updateService('plain', plain.version, wish), 'conflict', /no ingress network is present/);
  await rejects(commands.createNetwork({ ...ingress, attachable: true }), 'invalid-argument', /cannot be attachable/);
  await rejects(commands.createNetwork({ ...ingress, internal: true }), 'invalid-argument', /cannot be internal/);
  const { id } = await commands.createNetwork({ ...ingress, ipam: { configs: [{ subnet: '10.77.0.0/24' }] } });
  await rejects(
    cluster.create('x', onNetwork(aServiceSpec('x'), 'doors')),
    'invalid-argument',
    /attached to the ingress network "doors"/,
  );
  await cluster.create('web', published(8080));
  await cluster.settle();
  const [task] = cluster.running('web');
  assert.deepEqual(
    task?.task.addresses?.map(({ networkId }) => networkId),
    [id],
  );
  const { assignments } = cluster.agent('node1');
  assert.ok([...assignments.values()].some((one) => one.kind === 'publish' && one.networkId === id));
});
