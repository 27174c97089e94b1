import assert from 'node:assert/strict';
import test from 'node:test';
import { containerOf, errorsOf, serviceOf, stackOf } from '../testing/memory.ts';

const service = (...lines: readonly string[]): string =>
  ['services:', '  a:', '    image: i', ...lines.map((line) => `    ${line}`)].join('\n');

const restarts: readonly (readonly [title: string, lines: readonly string[], expected: unknown])[] = [
  ['nothing', [], undefined],
  ['no', ['restart: "no"'], { condition: 'none' }],
  ['no without quotes, which YAML 1.1 takes for false', ['restart: no'], { condition: 'none' }],
  ['always', ['restart: always'], { condition: 'any' }],
  ['unless-stopped', ['restart: unless-stopped'], { condition: 'any' }],
  ['on-failure', ['restart: on-failure'], { condition: 'on-failure' }],
  ['on-failure:3', ['restart: on-failure:3'], { condition: 'on-failure', maxAttempts: 3 }],
  [
    'the policy of a deployment',
    ['deploy: {restart_policy: {condition: always, delay: 1s}}'],
    { condition: 'any', delayMs: 1000 },
  ],
  ['always, for a job', ['restart: always', 'deploy: {mode: replicated-job}'], { condition: 'on-failure' }],
];
for (const [title, lines, expected] of restarts) {
  test(`restart: ${title}`, async () => {
    assert.deepEqual(serviceOf((await stackOf(service(...lines))).stack, 'a').task.restart, expected);
  });
}

test('restart: nothing, where another service waits until it has completed', async () => {
  const file = `${service()}\n  b:\n    image: i\n    depends_on: {a: {condition: service_completed_successfully}}`;
  const { stack } = await stackOf(file);
  assert.deepEqual(serviceOf(stack, 'a').task.restart, { condition: 'on-failure' });
  assert.equal(serviceOf(stack, 'b').task.restart, undefined);
});

const warned: readonly (readonly [title: string, lines: readonly string[], expected: RegExp])[] = [
  [
    'both restart policies',
    ['restart: always', 'deploy: {restart_policy: {condition: none}}'],
    /restart: ignored, because deploy\.restart_policy/,
  ],
  ['a network of another service', ['network_mode: "container:x"'], /network_mode: "container:x" is ignored/],
  [
    'ports on the host network',
    ['network_mode: host', 'ports: ["80:80"]'],
    /ports: ignored, because the service is on the network "host"/,
  ],
  [
    'recursive beside selinux',
    ['volumes: [{type: bind, source: /s, target: /t, bind: {selinux: z, recursive: disabled}}]'],
    /volumes\[0\]\.bind\.recursive: ignored, because engines do not take it beside selinux/,
  ],
  [
    'no path made, beside selinux',
    ['volumes: [{type: bind, source: /s, target: /t, bind: {selinux: z, create_host_path: false}}]'],
    /create_host_path: ignored.*the path is made/,
  ],
  [
    'a label of its own for a volume',
    ['volumes: [{type: volume, target: /t, bind: {selinux: Z}}]'],
    /selinux: ignored: a volume has the label/,
  ],
  [
    'propagation for a volume',
    ['volumes: [{type: volume, target: /t, bind: {propagation: rslave}}]'],
    /propagation: ignored, because the type is volume/,
  ],
  ['a pid namespace', ['pid: "container:x"'], /pid: "container:x" is ignored/],
  ['a container name', ['container_name: cn'], /container_name: is a name in the network only/],
  ['a pull policy', ['pull_policy: daily'], /pull_policy: "daily" is taken as "always"/],
  ['a build policy', ['pull_policy: build'], /pull_policy: "build" is ignored/],
  ['a platform variant', ['platform: linux/arm/v7'], /platform: the variant v7/],
  [
    'a seccomp file',
    ['security_opt: ["seccomp:./p.json"]'],
    /security_opt: the seccomp profile \.\/p\.json is ignored/,
  ],
  ['cpu_period alone', ['cpu_period: 1000'], /cpu_period: without effect/],
  [
    'options of another mount type',
    ['volumes: [{type: tmpfs, target: /t, bind: {propagation: rslave}}]'],
    /bind: ignored, because the type is tmpfs/,
  ],
  ['an old volume driver', ['volume_driver: x'], /volume_driver: it is ignored; set "driver"/],
  ['mounts of a container', ['volumes_from: ["container:x"]'], /volumes_from: "container:x" is ignored/],
];
for (const [title, lines, expected] of warned) {
  test(`a warning: ${title}`, async () => {
    const { warnings } = await stackOf(service(...lines));
    assert.equal(warnings.length, 1, warnings.join('\n'));
    assert.match(warnings[0] ?? '', /^compose\.yaml:\d+:\d+: services\.a\./);
    assert.match(warnings[0] ?? '', expected);
  });
}

const publishing: readonly (readonly [ports: string, ...expected: object[]])[] = [
  ['"127.0.0.1:80:80"', { published: 80, hostAddress: '127.0.0.1' }],
  ['"0.0.0.0:80:80"', { published: 80, hostAddress: '0.0.0.0' }],
  ['"[::]:80:80"', { published: 80, hostAddress: '::' }],
  ['"80-89:80"', { range: { first: 80, last: 89 } }],
  ['"8000-8001:80-81"', { published: 8000 }, { published: 8001, target: 81 }],
  ['{target: 80, published: 80-89, mode: host}', { range: { first: 80, last: 89 }, mode: 'host' }],
  ['{target: 80, x-tutti: {tasks: local, unserved: drop}}', { tasks: 'local', unserved: 'drop' }],
  ['{target: 80, x-tutti: {tasks: near}}', { tasks: 'near' }],
  ['{target: 80, x-tutti: {tasks: any, unserved: refuse}}', {}],
];
for (const [ports, ...expected] of publishing) {
  test(`ports: ${ports}`, async () => {
    const { stack, warnings } = await stackOf(service(`ports: [${ports}]`));
    const standard = { protocol: 'tcp', target: 80, mode: 'ingress' };
    assert.deepEqual(
      serviceOf(stack, 'a').endpoint?.ports,
      expected.map((port) => ({ ...standard, ...port })),
    );
    assert.deepEqual(warnings, []);
  });
}

test('how a port is served is checked', async () => {
  const said = async (ports: string): Promise<string> => (await errorsOf(service(`ports: [${ports}]`))).join('\n');
  assert.match(await said('{target: 80, x-tutti: {tasks: mine}}'), /x-tutti\.tasks: must be one of any, local, near/);
  assert.match(await said('{target: 80, x-tutti: {task: local}}'), /x-tutti\.task: unknown key/);
  assert.match(await said('{target: 80, mode: host, x-tutti: {tasks: local}}'), /is for ports of mode ingress/);
});

test('networks of other drivers become overlays, with a warning', async () => {
  const { stack, warnings } = await stackOf(`${service()}\nnetworks: {default: {driver: bridge}}`);
  assert.equal(stack.networks[0]?.driver, 'overlay');
  assert.match(warnings[0] ?? '', /networks\.default\.driver: "bridge" is ignored/);
});

test('a network of the driver host or none is the one of the engine', async () => {
  const { stack } = await stackOf(`${service('networks: [n]')}\nnetworks: {n: {driver: host}}`);
  assert.deepEqual(stack.networks, []);
  assert.deepEqual(stack.external, { networks: ['host'] });
  assert.equal(serviceOf(stack, 'a').task.networks?.[0]?.networkId, 'host');
});

test('a network that should be encrypted is not, and the user is told', async () => {
  const { warnings } = await stackOf(`${service()}\nnetworks: {default: {driver_opts: {encrypted: ""}}}`);
  assert.match(warnings[0] ?? '', /driver_opts: encrypted is for all networks or none/);
});

test('ipam.driver: default is not worth a warning', async () => {
  assert.deepEqual((await stackOf(`${service()}\nnetworks: {default: {ipam: {driver: default}}}`)).warnings, []);
});

test('a subnet of IPv6 is left out, with a warning', async () => {
  const { stack, warnings } = await stackOf(
    `${service()}\nnetworks: {default: {ipam: {config: [{subnet: "fd00::/64"}, {subnet: 10.1.0.0/24}]}}}`,
  );
  assert.deepEqual(stack.networks[0]?.ipam?.configs, [{ subnet: '10.1.0.0/24' }]);
  assert.match(warnings[0] ?? '', /enable_ipv6/);
});

test('a network with IPv6 keeps both subnets, and a service of one task its address', async () => {
  const { stack, warnings } = await stackOf(
    'services: {a: {image: i, networks: {default: {ipv6_address: "fd00::77"}}}}\n' +
      'networks: {default: {enable_ipv6: true, ipam: {config: [{subnet: "fd00::/64"}, {subnet: 10.1.0.0/24}]}}}',
  );
  assert.deepEqual(stack.networks[0]?.ipam, {
    configs: [{ subnet: '10.1.0.0/24' }],
    ipv6Configs: [{ subnet: 'fd00::/64' }],
  });
  assert.equal(stack.networks[0]?.ipv6, true);
  assert.equal(stack.services[0]?.task.networks?.[0]?.ipv6Address, 'fd00::77');
  assert.deepEqual(warnings, []);
});

test('volumes_from copies mounts, through several services, own targets first', async () => {
  const { stack } = await stackOf(`
services:
  a: {image: i, volumes: ["/own:/x"], volumes_from: ["b:ro"]}
  b: {image: i, volumes: ["/b:/x", "/b:/y"], volumes_from: [c]}
  c: {image: i, volumes: ["/c:/z"]}
`);
  const mounts = containerOf(stack, 'a').mounts?.map(({ source, target, readOnly = false }) => [
    source,
    target,
    readOnly,
  ]);
  assert.deepEqual(mounts, [
    ['/own', '/x', false],
    ['/b', '/y', true],
    ['/c', '/z', true],
  ]);
});

test('links order the start and give names', async () => {
  const { stack } = await stackOf('services: {a: {image: i, links: ["b:database", c]}, b: {image: i}, c: {image: i}}');
  assert.deepEqual(serviceOf(stack, 'a').dependsOn, [
    { service: 'app_b', condition: 'started' },
    { service: 'app_c', condition: 'started' },
  ]);
  assert.deepEqual(serviceOf(stack, 'b').task.networks, [{ networkId: 'app_default', aliases: ['b', 'database'] }]);
});

test('an empty entrypoint takes the one of the image away', async () => {
  assert.deepEqual(containerOf((await stackOf(service('entrypoint: ""'))).stack, 'a').entrypoint, ['']);
  assert.equal(containerOf((await stackOf(service('entrypoint: null'))).stack, 'a').entrypoint, undefined);
});

test('a service that is built has the name that Compose gives its image', async () => {
  assert.equal(containerOf((await stackOf('services: {a: {build: .}}')).stack, 'a').image, 'app-a');
});

test('a version 2 file', async () => {
  const { stack, warnings } = await stackOf(`
version: "2.4"
services:
  web:
    image: web
    links: [db]
    mem_limit: 512m
    mem_reservation: 256m
    memswap_limit: 1g
    cpu_shares: 512
    cpuset: 0,1
    cpu_quota: 50000
    pids_limit: 100
    scale: 2
    runtime: runc
    volumes_from: [db]
    networks: {back: {aliases: [www]}}
  db:
    image: db
    volumes: ["data:/data"]
    networks: [back]
volumes:
  data: {external: {name: old-data}}
networks:
  back:
    driver: overlay
    ipam: {config: [{subnet: 172.28.0.0/16, aux_address: {a: 172.28.0.9}}]}
`);
  const web = containerOf(stack, 'web');
  assert.deepEqual(web.resources, {
    limits: { nanoCpus: 500_000_000, memoryBytes: 512 * 2 ** 20, pids: 100 },
    reservations: { memoryBytes: 256 * 2 ** 20 },
    swapBytes: 512 * 2 ** 20,
  });
  assert.deepEqual(serviceOf(stack, 'web').mode, { kind: 'replicated', replicas: 2 });
  assert.equal(web.mounts?.[0]?.source, 'old-data');
  assert.deepEqual(stack.networks[0]?.ipam?.configs?.[0]?.auxiliaryAddresses, { a: '172.28.0.9' });
  assert.deepEqual(
    warnings.map((warning) => warning.replace(/^.*?: (\S+): .*$/, '$1')),
    ['version', 'services.web.volumes_from'],
  );
});
