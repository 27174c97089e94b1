import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssignedEndpoint, AssignedNetwork, AssignedPeer, AssignedSelf } from '../../model/assignment.ts';
import { nodeReport, problemsOf } from '../../model/doctor.ts';
import { createDoctor } from './doctor.ts';
import type { DoctorPorts, NetworkView } from './ports.ts';

const self = {
  kind: 'self',
  id: 'n1',
  name: 'n1',
  address: '10.0.0.1',
  overlayAddress: '100.127.0.1',
  overlayMtu: 1450,
  encryption: 'auto',
  machine: 'm1',
} as AssignedSelf;
const peer = (index: number): AssignedPeer =>
  ({
    kind: 'peer',
    id: `n${index}`,
    name: `n${index}`,
    address: `10.0.0.${index}`,
    overlayAddress: `100.127.0.${index}`,
    machine: 'm1',
  }) as AssignedPeer;
const endpoint = (nodeId: string, address: string): AssignedEndpoint =>
  ({
    networkId: 'app',
    taskId: `task${address}`,
    serviceId: 'web',
    nodeId,
    address,
    names: ['web'],
    taskNames: [`web.${address}`],
    ready: true,
  }) as unknown as AssignedEndpoint;

const both = (nodeId: string, host: number) => ({ ...endpoint(nodeId, `10.1.0.${host}`), address6: `fd00::${host}` });

const pingOf = (answers: (address: string, inside: boolean) => boolean): DoctorPorts['exec'] => {
  return async (command, args) => {
    if (command === 'sh') return { code: 0, stdout: '', stderr: '' };
    const address = args.at(-1) ?? '';
    return answers(address, command === 'nsenter')
      ? { code: 0, stdout: `64 bytes from ${address}: icmp_seq=1 ttl=64 time=0.25 ms`, stderr: '' }
      : { code: 1, stdout: '', stderr: '' };
  };
};

/** Nobody is reached by IPv6. */
const onlyFourth = pingOf((address) => !address.includes(':'));

const ports = (view: Partial<NetworkView>, exec: DoctorPorts['exec']): DoctorPorts => ({
  exec,
  clock: { now: () => 7, monotonic: () => 0 },
  network: {
    view: () => ({ self, peers: [], networks: [], endpoints: [], seals: new Map(), findings: [], ...view }),
    compare: async () => undefined,
    publicKey: async () => undefined,
  },
  engine: { version: async () => '28', processOf: async () => 42 },
  resolves: async () => true,
});

test('peers and tasks are tried, from the node and from inside of a task', async () => {
  const view = {
    peers: [peer(2), peer(3)],
    networks: [{ id: 'app', name: 'app', subnet: '10.1.0.0/24', gateway: '10.1.0.1' } as AssignedNetwork],
    endpoints: [endpoint('n1', '10.1.0.5'), endpoint('n2', '10.1.0.6')],
  };
  const reached = (address: string, inside: boolean) => (inside ? true : !address.endsWith('0.3'));
  const report = await createDoctor(ports(view, pingOf(reached)))(AbortSignal.timeout(30_000));
  assert.ok(nodeReport.safeParse(report).success);
  assert.deepEqual(
    report.peers.map(({ name, overlayMs, whole }) => [name, overlayMs, whole]),
    [
      ['n2', 0.25, true],
      ['n3', undefined, false],
    ],
  );
  assert.deepEqual(report.tasks, [
    { network: 'app', from: 'web.10.1.0.5', to: 'web.10.1.0.6', address: '10.1.0.6', ms: 0.25 },
  ]);
  assert.ok(report.checks.every(({ ok }) => ok));
});

test('the resolver is asked on a network that this node is on', async () => {
  const network = (id: string, gateway: string) =>
    ({ id, name: id, subnet: `${gateway}/24`, gateway }) as AssignedNetwork;
  const report = await createDoctor({
    ...ports(
      {
        networks: [network('ingress', '10.9.0.1'), network('app', '10.1.0.1')],
        endpoints: [endpoint('n1', '10.1.0.5')],
      },
      pingOf(() => true),
    ),
    resolves: async (address) => address === '10.1.0.1',
  })(AbortSignal.timeout(30_000));
  assert.deepEqual(
    report.checks.find(({ name }) => name === 'resolver'),
    { name: 'resolver', ok: true, detail: 'answers on 10.1.0.1' },
  );
});

test('on a network with IPv6 tasks are tried by both addresses', async () => {
  const view = {
    networks: [{ id: 'app', name: 'app', subnet: '10.1.0.0/24', gateway: '10.1.0.1' } as AssignedNetwork],
    endpoints: [both('n1', 5), both('n2', 6), endpoint('n3', '10.1.0.7')],
  };
  const report = await createDoctor(ports(view, onlyFourth))(AbortSignal.timeout(5_000));
  assert.deepEqual(
    report.tasks.map(({ address, ms }) => [address, ms]),
    [
      ['10.1.0.6', 0.25],
      ['fd00::6', undefined],
      ['10.1.0.7', 0.25],
    ],
  );
});

test('a peer with tasks on a network with IPv6 is tried by the overlay in IPv6, too', async () => {
  const view = {
    self: { ...self, overlayAddress6: 'fd00:ffff::1' } as AssignedSelf,
    peers: [2, 3].map((host) => ({ ...peer(host), overlayAddress6: `fd00:ffff::${host}` })),
    endpoints: [both('n1', 5), both('n2', 6), endpoint('n3', '10.1.0.7')],
  };
  const report = await createDoctor(ports(view, onlyFourth))(AbortSignal.timeout(5_000));
  assert.deepEqual(
    report.peers.map(({ name, overlay6 }) => [name, overlay6]),
    [
      ['n2', false],
      ['n3', undefined],
    ],
  );
  assert.match(problemsOf(report, 0).join(), /^n2 is not reached by the overlay in IPv6/);
});

test('of many peers some are tried, those after this node', async () => {
  const peers = Array.from({ length: 200 }, (_, index) => peer(index + 2));
  const report = await createDoctor(
    ports(
      { peers },
      pingOf(() => true),
    ),
  )(AbortSignal.timeout(30_000));
  assert.equal(report.peers.length, 32);
  assert.equal(report.untried, 168);
});

test('a check that throws has failed, and says why', async () => {
  const broken = ports(
    {},
    pingOf(() => true),
  );
  const report = await createDoctor({
    ...broken,
    network: {
      ...broken.network,
      compare: async () => {
        throw new Error('nft: no permission');
      },
    },
  })(AbortSignal.timeout(30_000));
  assert.deepEqual(
    report.checks.find(({ name }) => name === 'kernel'),
    {
      name: 'kernel',
      ok: false,
      detail: 'nft: no permission',
    },
  );
});

test('auto, and another machine cannot: it is said that it goes in clear', async () => {
  const other = { ...peer(2), machine: 'm2' };
  const report = await createDoctor(
    ports(
      { peers: [other] },
      pingOf(() => true),
    ),
  )(AbortSignal.timeout(30_000));
  assert.match(report.checks.find(({ name }) => name === 'encryption')?.detail ?? '', /in clear with n2/);
});
