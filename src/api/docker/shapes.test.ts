import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceBody, startHarness } from './testing/call.ts';
import { loadDefinitions } from './testing/contract/definitions.ts';

const specification = loadDefinitions();

/** A service with everything that the docker command can set. */
const richBody = (network: string) => ({
  ...serviceBody('web'),
  Labels: { tier: 'front' },
  TaskTemplate: {
    ContainerSpec: {
      Image: 'nginx:1',
      Labels: { a: 'b' },
      Command: ['sh'],
      Args: ['-c', 'sleep 1'],
      Hostname: 'web',
      Env: ['A=b'],
      Dir: '/srv',
      User: 'www',
      Groups: ['audio'],
      Privileges: { SELinuxContext: { User: 'u' }, Seccomp: { Mode: 'unconfined' }, NoNewPrivileges: true },
      TTY: true,
      OpenStdin: true,
      ReadOnly: true,
      Mounts: [
        { Type: 'volume', Source: 'data', Target: '/data', VolumeOptions: { DriverConfig: { Name: 'local' } } },
        { Type: 'bind', Source: '/etc', Target: '/etc', ReadOnly: true, BindOptions: { Propagation: 'rprivate' } },
        { Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
      ],
      StopSignal: 'SIGTERM',
      StopGracePeriod: 10e9,
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9, Timeout: 1e9, Retries: 3, StartPeriod: 1e9 },
      Hosts: ['10.0.0.9 other'],
      DNSConfig: { Nameservers: ['1.1.1.1'], Search: ['example.org'], Options: ['ndots:1'] },
      Isolation: 'default',
      Init: true,
      Sysctls: { 'net.core.somaxconn': '1024' },
      CapabilityAdd: ['NET_ADMIN'],
      CapabilityDrop: ['ALL'],
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      OomScoreAdj: 10,
    },
    Resources: {
      Limits: { NanoCPUs: 5e8, MemoryBytes: 1e8, Pids: 10 },
      Reservations: { NanoCPUs: 1e8, MemoryBytes: 1e7 },
    },
    RestartPolicy: { Condition: 'on-failure', Delay: 5e9, MaxAttempts: 3, Window: 120e9 },
    Placement: {
      Constraints: ['node.role==worker'],
      Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }],
      MaxReplicas: 2,
      Platforms: [{ Architecture: 'amd64', OS: 'linux' }],
    },
    Networks: [{ Target: network, Aliases: ['www'] }],
    LogDriver: { Name: 'json-file', Options: { 'max-size': '1m' } },
  },
  UpdateConfig: {
    Parallelism: 2,
    Delay: 1e9,
    FailureAction: 'rollback',
    Monitor: 1e9,
    MaxFailureRatio: 0.2,
    Order: 'start-first',
  },
  RollbackConfig: { Parallelism: 0, FailureAction: 'pause', MaxFailureRatio: 0, Order: 'stop-first' },
  EndpointSpec: {
    Mode: 'vip',
    Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }],
  },
});

test('answers have the shapes of the specification', async (t) => {
  await using docker = await startHarness();
  const network = await docker.read('POST', '/networks/create', { body: { Name: 'front', Driver: 'overlay' } });
  const { Id } = network as { readonly Id: string };
  const created = await docker.read('POST', '/services/create', { body: richBody('front') });
  await docker.read('POST', '/services/create', { body: serviceBody('jobs', { Mode: { ReplicatedJob: {} } }) });
  await docker.read('POST', '/secrets/create', { body: { Name: 'key', Data: 'c2VjcmV0', Labels: { a: 'b' } } });
  await docker.read('POST', '/configs/create', { body: { Name: 'conf', Data: 'dGV4dA==' } });
  const { ID } = created as { readonly ID: string };
  const tasks = (await docker.read('GET', '/tasks')) as readonly { readonly ID: string }[];
  assert.ok(tasks.length >= 2);
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['ServiceCreateResponse', 'POST /services/create', created],
    ...(await Promise.all(
      (
        [
          ['SystemInfo', '/info'],
          ['SystemVersion', '/version'],
          ['Node[]', '/nodes'],
          ['Node', '/nodes/node1'],
          ['Swarm', '/swarm'],
          ['Service[]', '/services?status=true'],
          ['Service', `/services/${ID}`],
          ['Task[]', '/tasks'],
          ['ContainerSummary[]', '/containers/json?all=1'],
          ['Task', `/tasks/${tasks[0]?.ID}`],
          ['Network[]', '/networks'],
          ['Network', `/networks/${Id}`],
          ['Secret[]', '/secrets'],
          ['Secret', '/secrets/key'],
          ['Config[]', '/configs'],
          ['Config', '/configs/conf'],
        ] as const
      ).map(async ([definition, path]) => [definition, path, await docker.read('GET', path)] as const),
    )),
  ];
  for (const [definition, path, value] of cases) {
    await t.test(`${path} is a ${definition}`, () => assert.deepEqual(specification(definition, value), []));
  }
  const { status, message } = await docker.fail('GET', '/services/nope');
  assert.deepEqual(specification('ErrorResponse', { message }), []);
  assert.equal(status, 404);
});

test('the specification is taken seriously by this test', () => {
  assert.notDeepEqual(specification('Service', { ID: 4, Spec: { Mode: { Replicated: { Replicas: 'two' } } } }), []);
});

test('inspect shows a service as it was sent', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/networks/create', { body: { Name: 'front', Driver: 'overlay' } });
  const { id } = docker.cluster.manager.queries.network('front');
  await docker.read('POST', '/services/create', { body: richBody(id) });
  const { Spec } = (await docker.read('GET', '/services/web')) as { readonly Spec: unknown };
  const { TaskTemplate, ...rest } = richBody(id);
  assert.deepEqual(Spec, { ...rest, TaskTemplate: { ...TaskTemplate, ForceUpdate: 0, Runtime: 'container' } });
});

test('a job was last run when it became what it is, whatever else is written about it since', async () => {
  await using docker = await startHarness();
  const { ID } = (await docker.read('POST', '/services/create', {
    body: serviceBody('job', { Mode: { ReplicatedJob: {} } }),
  })) as { readonly ID: string };
  interface Job {
    readonly Version: { readonly Index: number };
    readonly Spec: { readonly TaskTemplate: object };
    readonly JobStatus: { readonly LastExecution: string };
  }
  const update = async (change: (spec: Job['Spec']) => object): Promise<string> => {
    docker.cluster.clock.advance(5_000);
    const { Version, Spec } = (await docker.read('GET', `/services/${ID}`)) as Job;
    await docker.read('POST', `/services/${ID}/update?version=${Version.Index}`, { body: change(Spec) });
    return ((await docker.read('GET', `/services/${ID}`)) as Job).JobStatus.LastExecution;
  };
  const first = await update((spec) => ({ ...spec, Labels: { a: 'b' } }));
  const second = await update((spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ForceUpdate: 1 } }));
  assert.equal(Date.parse(second) - Date.parse(first), 10_000);
  assert.equal(await update((spec) => ({ ...spec, Labels: {} })), second);
});
