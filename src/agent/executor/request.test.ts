import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedTask } from '../../../test/fakes/engine/node.ts';
import type { TaskFields } from '../../../test/fakes/engine/node.ts';
import type { ContainerSpec, Mount } from '../../model/container.ts';
import type { NetworkId, TaskId } from '../../model/ids.ts';
import type { ContainerRequest } from './engine.ts';
import type { NodeIdentity, RunnableTask } from './labels.ts';
import { taskNetworking } from './networking.ts';
import type { Networking } from './networking.ts';
import { containerRequest } from './request.ts';

const node: NodeIdentity = { id: 'n1', hostname: 'host1', clusterId: 'c1', os: 'linux', architecture: 'amd64' };
const bridge: Networking = { kind: 'engine', mode: 'bridge' };

function runnable(fields: TaskFields = {}): RunnableTask {
  return { id: 't1' as TaskId, root: 't1' as TaskId, assigned: assignedTask('t1', fields) };
}

function request(
  container: Partial<ContainerSpec>,
  options: { fields?: TaskFields; networking?: Networking; engineApi?: string } = {},
): ContainerRequest {
  const task = runnable({ ...options.fields, container });
  const [spec] = task.assigned.spec.containers;
  assert.ok(spec);
  return containerRequest({
    task,
    spec,
    node,
    networking: options.networking ?? bridge,
    files: [],
    engineApi: options.engineApi ?? '1.51',
  });
}

test('a bare container says only what it must', () => {
  const { Labels: labels, ...body } = request({});
  assert.deepEqual(body, {
    Image: 'tiny',
    Env: [],
    StopTimeout: 10,
    HostConfig: { NetworkMode: 'bridge', PortBindings: {}, RestartPolicy: { Name: 'no' } },
  });
  assert.equal(labels?.['tutti.task'], 't1');
  assert.equal(labels['com.docker.swarm.task.name'], 'web.1.t1');
});

test("every field reaches the engine's request", () => {
  const body = request({
    entrypoint: ['/entry'],
    command: ['run'],
    env: ['A=1', 'SLOT={{.Task.Slot}}'],
    workingDir: '/work',
    user: '1000:1000',
    groups: ['audio'],
    hostname: '{{.Service.Name}}-{{.Task.Slot}}',
    domainname: 'example.org',
    tty: true,
    openStdin: true,
    readOnly: true,
    init: true,
    privileged: true,
    stopSignal: 'SIGINT',
    stopGraceMs: 1_500,
    healthcheck: {
      test: ['CMD', 'true'],
      intervalMs: 1.5,
      timeoutMs: 2,
      retries: 3,
      startPeriodMs: 4,
      startIntervalMs: 5,
    },
    ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
    capAdd: ['NET_ADMIN'],
    capDrop: ['ALL'],
    devices: [{ hostPath: '/dev/null', containerPath: '/dev/x' }],
    deviceCgroupRules: ['c 1:1 r'],
    sysctls: { 'net.core.somaxconn': '1' },
    hosts: ['a:1.2.3.4'],
    dns: { nameservers: ['9.9.9.9'], search: ['s'], options: ['o'] },
    labels: { mine: 'x', 'tutti.task': 'forged' },
    annotations: { a: 'b' },
    logging: { driver: 'json-file', options: { 'max-size': '1m' } },
    resources: {
      limits: { nanoCpus: 5e8, memoryBytes: 1000, pids: 10 },
      reservations: { memoryBytes: 7_000_000, devices: [{ driver: 'nvidia', count: 1, capabilities: [['gpu']] }] },
      swapBytes: 24,
      swappiness: 10,
    },
    securityOpt: ['apparmor=unconfined'],
    seccomp: { mode: 'unconfined' },
    noNewPrivileges: true,
    shmSizeBytes: 64,
    pidMode: 'host',
    ipcMode: 'host',
    utsMode: 'host',
    usernsMode: 'host',
    cgroupnsMode: 'host',
    cgroupParent: '/p',
    cpuset: '0',
    cpuShares: 2,
    cpuRealtimePeriod: 3,
    cpuRealtimeRuntime: 4,
    blockIo: { weight: 5, readBps: [{ path: '/dev/x', rate: 6 }] },
    oomScoreAdj: 7,
    oomKillDisable: true,
    runtime: 'runc',
    storageOptions: { size: '1G' },
    isolation: 'default',
    macAddress: '02:00:00:00:00:09',
    expose: [{ protocol: 'udp', port: 53 }],
  });
  const { Labels: labels, HostConfig: host, ...config } = body;
  assert.equal(labels?.['mine'], 'x');
  assert.equal(labels['tutti.task'], 't1');
  assert.deepEqual(config, {
    Image: 'tiny',
    Entrypoint: ['/entry'],
    Cmd: ['run'],
    Env: ['A=1', 'SLOT=1'],
    WorkingDir: '/work',
    User: '1000:1000',
    Hostname: 'web-1',
    Domainname: 'example.org',
    Tty: true,
    OpenStdin: true,
    StopSignal: 'SIGINT',
    StopTimeout: 2,
    Healthcheck: {
      Test: ['CMD', 'true'],
      Interval: 1_500_000,
      Timeout: 2e6,
      Retries: 3,
      StartPeriod: 4e6,
      StartInterval: 5e6,
    },
    ExposedPorts: { '53/udp': {} },
    MacAddress: '02:00:00:00:00:09',
  });
  assert.deepEqual(host, {
    NetworkMode: 'bridge',
    PortBindings: {},
    RestartPolicy: { Name: 'no' },
    NanoCpus: 5e8,
    Memory: 1000,
    PidsLimit: 10,
    MemoryReservation: 7_000_000,
    MemorySwap: 1024,
    MemorySwappiness: 10,
    CpusetCpus: '0',
    CpuShares: 2,
    CpuRealtimePeriod: 3,
    CpuRealtimeRuntime: 4,
    CgroupParent: '/p',
    OomKillDisable: true,
    Init: true,
    Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
    BlkioWeight: 5,
    BlkioDeviceReadBps: [{ Path: '/dev/x', Rate: 6 }],
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }],
    DeviceCgroupRules: ['c 1:1 r'],
    DeviceRequests: [{ Driver: 'nvidia', Count: 1, Capabilities: [['gpu']] }],
    ReadonlyRootfs: true,
    StorageOpt: { size: '1G' },
    SecurityOpt: ['apparmor=unconfined', 'no-new-privileges', 'seccomp=unconfined'],
    Privileged: true,
    CapAdd: ['NET_ADMIN'],
    CapDrop: ['ALL'],
    GroupAdd: ['audio'],
    PidMode: 'host',
    IpcMode: 'host',
    UTSMode: 'host',
    UsernsMode: 'host',
    CgroupnsMode: 'host',
    Dns: ['9.9.9.9'],
    DnsSearch: ['s'],
    DnsOptions: ['o'],
    ExtraHosts: ['a:1.2.3.4'],
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    OomScoreAdj: 7,
    Runtime: 'runc',
    ShmSize: 64,
    Sysctls: { 'net.core.somaxconn': '1' },
    Annotations: { a: 'b' },
    Isolation: 'default',
  });
});

test('mounts take the form that engines of every version understand', () => {
  const { HostConfig: host } = request({
    mounts: [
      {
        type: 'volume',
        source: 'data-{{.Task.Slot}}',
        target: '/data',
        volume: { noCopy: true, labels: { a: '{{.Node.ID}}' }, driver: { name: 'local', options: { o: 'x' } } },
      },
      { type: 'bind', source: '/etc', target: '/host', readOnly: true, bind: { propagation: 'rslave' } },
      { type: 'bind', source: '/new', target: '/made', readOnly: true, bind: { createHostPath: true, selinux: 'z' } },
      { type: 'tmpfs', target: '/tmp', tmpfs: { sizeBytes: 1024, mode: 0o1777 } },
      { type: 'tmpfs', target: '/x', readOnly: true, tmpfs: { sizeBytes: 5, options: [['noexec'], ['uid', '1']] } },
    ],
  });
  assert.deepEqual(host?.Mounts, [
    {
      Type: 'volume',
      Source: 'data-1',
      Target: '/data',
      VolumeOptions: { NoCopy: true, Labels: { a: 'n1' }, DriverConfig: { Name: 'local', Options: { o: 'x' } } },
    },
    { Type: 'bind', Source: '/etc', Target: '/host', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
    { Type: 'tmpfs', Target: '/tmp', TmpfsOptions: { SizeBytes: 1024, Mode: 0o1777 } },
  ]);
  assert.deepEqual(host.Binds, ['/new:/made:ro,z']);
  assert.deepEqual(host.Tmpfs, { '/x': 'ro,size=5,noexec,uid=1' });
});

test('a bind is a mount with all its options; a string only where the engine takes nothing else', () => {
  const bind = (more: Partial<Mount>, api: string) => {
    const mount: Mount = { type: 'bind', source: '/s', target: '/t', ...more };
    const { HostConfig: host } = request({ mounts: [mount] }, { engineApi: api });
    return host?.Binds ?? host?.Mounts?.[0];
  };
  const all = { createHostPath: true, propagation: 'rslave', nonRecursive: true, readOnlyNonRecursive: true };
  const passed = { CreateMountpoint: true, Propagation: 'rslave', NonRecursive: true, ReadOnlyNonRecursive: true };
  const mounted = { Type: 'bind', Source: '/s', Target: '/t', Consistency: 'cached', BindOptions: passed };
  assert.deepEqual(bind({ consistency: 'cached', bind: all }, '1.51'), mounted);
  assert.deepEqual(bind({ consistency: 'cached', bind: all }, '1.41'), mounted);
  const made = { consistency: 'cached', bind: { createHostPath: true, propagation: 'rslave' } };
  assert.deepEqual(bind(made, '1.41'), ['/s:/t:rslave,cached']);
  assert.deepEqual(bind({ consistency: 'default', bind: { selinux: 'Z' } }, '1.51'), ['/s:/t:Z']);
});

test('what the engine would pass over is refused, with the release that knows it', () => {
  const mounts: readonly (readonly [Mount, string, RegExp])[] = [
    [{ type: 'bind', source: '/s', target: '/t', bind: { readOnlyForceRecursive: true } }, '1.43', /Engine 25\.0/],
    [{ type: 'volume', source: 'v', target: '/t', volume: { subpath: 'a' } }, '1.44', /mount of \/t.*API 1\.45/],
    [{ type: 'image', source: 'i', target: '/t' }, '1.47', /has API 1\.47/],
  ];
  for (const [mount, engineApi, message] of mounts) {
    assert.throws(() => request({ mounts: [mount] }, { engineApi }), { code: 'invalid-argument', message });
    assert.doesNotThrow(() => request({ mounts: [mount] }, { engineApi: '1.48' }));
  }
});

test('networks: static addresses, the resolver first; older engines get one at first', () => {
  const [a, b] = ['na', 'nb'] as NetworkId[] as [NetworkId, NetworkId];
  const fields: TaskFields = {
    addresses: [
      { networkId: b, address: '10.1.0.3' },
      { networkId: a, address: '10.0.0.2' },
    ],
    spec: { containers: [{ name: 'main', image: 'tiny' }], networks: [{ networkId: a, driverOptions: { o: '1' } }] },
  };
  const prepared = new Map([
    [a, { dockerNetwork: 'tutti-a', dns: ['10.0.0.1'] }],
    [b, { dockerNetwork: 'tutti-b', dns: ['10.1.0.1', '10.0.0.1'] }],
  ]);
  const networking = taskNetworking(runnable(fields), prepared, undefined);
  const body = request(
    { dns: { nameservers: ['9.9.9.9'] } },
    { fields: { addresses: fields.addresses ?? [] }, networking },
  );
  assert.equal(body.HostConfig?.NetworkMode, 'tutti-a');
  assert.deepEqual(body.HostConfig?.Dns, ['10.0.0.1', '10.1.0.1', '9.9.9.9']);
  assert.deepEqual(body.NetworkingConfig?.EndpointsConfig, {
    'tutti-a': { IPAMConfig: { IPv4Address: '10.0.0.2' }, DriverOpts: { o: '1' } },
    'tutti-b': { IPAMConfig: { IPv4Address: '10.1.0.3' } },
  });
  const older = request({}, { networking, engineApi: '1.43' });
  assert.deepEqual(Object.keys(older.NetworkingConfig?.EndpointsConfig ?? {}), ['tutti-a']);
});

test("a container in another's network has no network, ports or names of its own", () => {
  const hostPorts = [{ protocol: 'tcp', target: 80, published: 8080, mode: 'host' }] as const;
  const options = { fields: { hostPorts }, networking: { kind: 'shared', containerId: 'x' } } as const;
  const body = request({ hostname: 'h', hosts: ['a:1.1.1.1'] }, options);
  assert.equal(body.HostConfig?.NetworkMode, 'container:x');
  assert.deepEqual(
    [body.Hostname, body.ExposedPorts, body.HostConfig.PortBindings, body.HostConfig.ExtraHosts],
    [undefined, undefined, undefined, undefined],
  );
});

test('host ports and generic resources', () => {
  const body = request(
    {},
    {
      fields: {
        hostPorts: [
          { protocol: 'tcp', target: 80, published: 8080, mode: 'host', hostAddress: '127.0.0.1' },
          { protocol: 'udp', target: 53, range: { first: 8000, last: 8010 }, mode: 'host' },
        ],
        genericResources: [
          { kind: 'named', name: 'gpu', value: 'a' },
          { kind: 'named', name: 'gpu', value: 'b' },
        ],
      },
    },
  );
  assert.deepEqual(body.HostConfig?.PortBindings, {
    '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
    '53/udp': [{ HostIp: '', HostPort: '8000-8010' }],
  });
  assert.deepEqual(body.Env, ['DOCKER_RESOURCE_GPU=a,b']);
});

test('a template that Swarm does not have is refused by name', () => {
  assert.throws(() => request({ env: ['A={{.Nope}}'] }), { code: 'invalid-argument', message: /\{\{\.Nope\}\}/ });
});

test("a reservation that the engine would refuse for being small is the scheduler's alone", () => {
  const reserved = (memoryBytes: number) => request({ resources: { reservations: { memoryBytes } } }).HostConfig;
  assert.equal(reserved(1024 * 1024)?.MemoryReservation, undefined);
  assert.equal(reserved(6 * 1024 * 1024)?.MemoryReservation, 6 * 1024 * 1024);
});
