import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TuttiError } from '../../../model/errors.ts';
import { containerFrom, withUpdate } from './container-create.ts';

const from = (body: unknown) => containerFrom(body, { name: 'web' });

describe('a request to make a container', () => {
  it('loses its hints and nothing else', () => {
    const body = {
      Image: 'nginx',
      Env: ['A=1', 'constraint:storage==ssd', 'affinity:container!=x'],
      Cmd: null,
      Labels: { a: 'b' },
      HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 }, Unknown: [null, 1] },
      Volumes: { '/data': {} },
    };
    const { request, hints } = from(body);
    assert.deepEqual(JSON.parse(JSON.stringify(request)), { ...body, Env: ['A=1'] });
    assert.deepEqual(hints, { constraints: ['storage==ssd'], affinities: ['container!=x'] });
    assert.deepEqual(from({ Image: 'nginx', Env: null }).request, { Image: 'nginx', Env: null });
  });

  it('is refused as dockerd refuses it', () => {
    assert.throws(() => from({}), { code: 'invalid-argument', message: /^No command specified/ });
    const body = { Image: 'x', NetworkingConfig: { EndpointsConfig: { one: {}, two: null } } };
    assert.throws(() => containerFrom(body, { name: 'web', apiVersion: '1.43' }), {
      message: 'Container cannot be connected to network endpoints: one, two',
    });
    for (const more of [{}, { apiVersion: '1.44' }]) assert.ok(containerFrom(body, { name: 'web', ...more }));
  });

  it('reserves what it may take', () => {
    const reserved = (HostConfig: object) => from({ Image: 'x', HostConfig }).reservation;
    assert.deepEqual(reserved({ Memory: 100, NanoCpus: 5e8 }), { memoryBytes: 100, nanoCpus: 5e8 });
    assert.deepEqual(reserved({ Memory: 100, MemoryReservation: 40, CpuShares: 512 }), {
      memoryBytes: 40,
      nanoCpus: 0,
    });
    assert.deepEqual(reserved({ CpuQuota: 50_000, MemorySwap: -1 }), { memoryBytes: 0, nanoCpus: 5e8 });
    assert.deepEqual(reserved({ CpuQuota: 10_000, CpuPeriod: 20_000 }), { memoryBytes: 0, nanoCpus: 5e8 });
  });

  it('takes ports whose number was chosen', () => {
    const ports = (HostConfig: object, more: object = {}) => from({ Image: 'x', HostConfig, ...more }).hostPorts;
    const PortBindings = {
      '80/tcp': [{ HostIp: '', HostPort: '8080' }, { HostPort: '8080' }],
      '53/udp': [{ HostPort: '53' }],
      '81': [{ HostPort: '8081' }],
      '82/tcp': [{ HostPort: '' }, { HostPort: '9000-9010' }, { HostPort: '0' }],
      '83/tcp': null,
      '84/sctp': [
        { HostIp: '127.0.0.1', HostPort: '84' },
        { HostIp: '::1', HostPort: '84' },
      ],
    };
    const taken = ['tcp/8081', 'tcp/8080', 'udp/53', 'tcp/9000-9010', 'sctp/127.0.0.1:84', 'sctp/[::1]:84'];
    assert.deepEqual(ports({ PortBindings }), taken);
    const exposed = { ExposedPorts: { '80/tcp': {}, '53/udp': {} } };
    assert.deepEqual(ports({ NetworkMode: 'host' }, exposed), ['tcp/80', 'udp/53']);
    assert.deepEqual(ports({}, exposed), []);
  });

  it('names the volumes that it mounts', () => {
    const { volumes } = from({
      Image: 'x',
      HostConfig: {
        Binds: ['data:/data:ro', '/etc:/etc', '/anonymous', './here:/there'],
        VolumeDriver: 'nfs',
        Mounts: [
          { Type: 'volume', Source: 'db', Target: '/db', VolumeOptions: { Labels: { a: 'b' }, DriverConfig: {} } },
          { Type: 'volume', Target: '/anonymous' },
          { Type: 'bind', Source: 'data', Target: '/x' },
        ],
      },
    });
    assert.deepEqual(volumes, [
      { name: 'data', driver: 'nfs' },
      { name: 'db', labels: { a: 'b' } },
    ]);
  });

  it('says what it must be beside, and calls it what its engine does', () => {
    const HostConfig = {
      VolumesFrom: ['node1/data:ro', 'other'],
      Links: ['/node1/db:sql'],
      NetworkMode: 'container:node1/db',
      PidMode: 'host',
    };
    const { dependencies, request } = from({ Image: 'x', HostConfig });
    assert.deepEqual(dependencies, [
      { option: '--volumes-from=node1/data:ro', container: 'node1/data' },
      { option: '--volumes-from=other', container: 'other' },
      { option: '--link=/node1/db:sql', container: '/node1/db' },
      { option: '--net=container:node1/db', container: 'node1/db' },
    ]);
    assert.deepEqual(JSON.parse(JSON.stringify(request['HostConfig'])), {
      VolumesFrom: ['data:ro', 'other'],
      Links: ['db:sql'],
      NetworkMode: 'container:db',
      PidMode: 'host',
    });
  });

  it('need not be beside what it is linked with on a network of the user', () => {
    const linked = (NetworkMode: string) =>
      from({ Image: 'x', HostConfig: { Links: ['db:sql'], NetworkMode } }).dependencies.length;
    assert.deepEqual(['', 'default', 'bridge', 'back', 'node1/own'].map(linked), [1, 1, 1, 0, 0]);
  });

  it('may replace another, as Compose has it', () => {
    assert.equal(from({ Image: 'x', Labels: { 'com.docker.compose.replace': 'abc' } }).replaces, 'abc');
    assert.ok(!('replaces' in from({ Image: 'x', Labels: {} })));
  });

  it('is refused where it is none, whatever it is', () => {
    for (const body of [
      undefined,
      {},
      { Image: 1 },
      { Image: 'x', Env: 'A=1' },
      { Image: 'x', Env: ['constraint:a'] },
    ]) {
      assert.throws(() => from(body), { code: 'invalid-argument' });
    }
    const part = fc.oneof(fc.jsonValue(), fc.constantFrom('constraint:a==/((/', 'container:', 'a:b:c', ':', '/'));
    const names = [
      'Env',
      'Labels',
      'ExposedPorts',
      'PortBindings',
      'Binds',
      'Mounts',
      'Links',
      'NetworkMode',
      'Memory',
    ];
    const body = fc.record({ Image: fc.constant('x'), ...Object.fromEntries(names.map((name) => [name, part])) });
    fc.assert(
      fc.property(body, fc.boolean(), ({ Image, ...rest }, flat) => {
        try {
          from(flat ? { Image, ...rest } : { Image, HostConfig: rest });
        } catch (thrown) {
          assert.ok(thrown instanceof TuttiError, String(thrown));
        }
      }),
    );
  });

  it('follows an update', () => {
    const before = from({ Image: 'x', HostConfig: { Memory: 100, CpuQuota: 0, RestartPolicy: { Name: 'no' } } });
    const update = { Memory: 200, NanoCpus: 0, CpusetCpus: '', Devices: [], RestartPolicy: { Name: '' } };
    const after = withUpdate(before, update);
    assert.deepEqual(after.reservation, { memoryBytes: 200, nanoCpus: 0 });
    assert.deepEqual(after.request['HostConfig'], { Memory: 200, CpuQuota: 0, RestartPolicy: { Name: 'no' } });
  });
});
