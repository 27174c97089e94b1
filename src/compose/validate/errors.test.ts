import assert from 'node:assert/strict';
import test from 'node:test';
import { errorsOf } from '../testing/memory.ts';

/** A service `a` with these lines; its first own line is line 4. */
const service = (...lines: readonly string[]): string =>
  ['services:', '  a:', '    image: i', ...lines.map((line) => `    ${line}`)].join('\n');

const schema: readonly (readonly [title: string, text: string, ...expected: readonly string[]])[] = [
  ['a key with a slip', service('imagee: x'), '4:5: services.a.imagee: unknown key; did you mean "image"?'],
  [
    'a key in another spelling',
    service('workingDir: x'),
    '4:5: services.a.workingDir: unknown key; did you mean "working_dir"?',
  ],
  [
    'a key in the wrong place',
    service('replicas: 2'),
    '4:5: services.a.replicas: unknown key here; it belongs to deploy.replicas',
  ],
  ['a key that objects have', service('constructor: 2'), '4:5: services.a.constructor: unknown key'],
  [
    'a deep key',
    service('deploy:', '  update_config: {paralelism: 1}'),
    '5:23: services.a.deploy.update_config.paralelism: unknown key; did you mean "parallelism"?',
  ],
  [
    'a short list of keys',
    service('logging: {file: x}'),
    '4:15: services.a.logging.file: unknown key; allowed are driver, options',
  ],
  ['a top-level key', 'servces: {a: {image: i}}', '1:1: servces: unknown key; did you mean "services"?'],
  [
    'a version 1 file',
    'web:\n  image: i',
    '1:1: web: unknown key; allowed are version, name, include, services, models, networks, volumes, secrets, configs and names that begin with x- (services stand under "services:")',
  ],
  [
    'a name that cannot be',
    'services: {"a b": {image: i}}',
    '1:12: services.a b: the name "a b" is not allowed; use letters, digits, ".", "_" and "-"',
  ],
  [
    'a number for a text',
    service('user: 1000'),
    '4:11: services.a.user: must be a text, not the number 1000; put it in quotes',
  ],
  [
    'a number in a command',
    service('command: [sleep, 30]'),
    '4:22: services.a.command[1]: must be a text, not the number 30; put it in quotes',
  ],
  ['a mapping for a list', service('ports: {80: 80}'), '4:12: services.a.ports: must be a list, not a mapping'],
  ['a text for a list', service('cap_add: X'), '4:14: services.a.cap_add: must be a list, not "X"'],
  [
    'a boolean for a text',
    service('image: true').replace('    image: i\n', ''),
    '3:12: services.a.image: must be a text, not the value true; put it in quotes',
  ],
  ['several forms', service('environment: x'), '4:18: services.a.environment: must be a mapping or a list, not "x"'],
  ['a list of services', 'services: [a]', '1:11: services: must be a mapping, not a list'],
  ['a service without content', 'services:\n  a:', '2:5: services.a: must be a mapping, not nothing'],
  [
    'one of a few words',
    service('deploy: {update_config: {order: start}}'),
    '4:37: services.a.deploy.update_config.order: must be one of start-first, stop-first, not "start"',
  ],
  ['a missing key', service('volumes:', '- target: /x'), '5:7: services.a.volumes[0]: the key "type" is missing'],
  ['an entry twice', service('cap_add: [A, B, A]'), '4:14: services.a.cap_add: the entries 1 and 3 are the same'],
  [
    'depends_on in long form',
    service('depends_on: {a: {}}'),
    '4:21: services.a.depends_on.a: the key "condition" is missing',
  ],
  [
    'a wrong condition',
    service('depends_on: {b: {condition: healthy}}'),
    '4:33: services.a.depends_on.b.condition: must be one of service_started, service_healthy, service_completed_successfully, not "healthy"',
  ],
  [
    'all of them at once',
    'services:\n  a:\n    image: 3\n    portz: []\n  b:\n    deploy: {replicas: many, modee: x}\n',
    '3:12: services.a.image: must be a text, not the number 3; put it in quotes',
    '4:5: services.a.portz: unknown key; did you mean "ports"?',
    '6:5: services.b: needs an image, or a build from which the image is made',
    '6:24: services.b.deploy.replicas: must be a whole number, not "many"',
    '6:30: services.b.deploy.modee: unknown key; did you mean "mode"?',
  ],
];

const semantics: readonly (readonly [title: string, text: string, ...expected: readonly string[]])[] = [
  [
    'no image',
    'services: {a: {command: x}}',
    '1:15: services.a: needs an image, or a build from which the image is made',
  ],
  ['no services', 'services: {}', '1:1: services: there is no service to run'],
  [
    'a network',
    service('networks: [frnt]') + '\nnetworks: {front: {}}',
    '4:16: services.a.networks.frnt: the network "frnt" is not defined; did you mean "front"?',
  ],
  [
    'a volume',
    service('volumes: ["data:/d"]'),
    '4:15: services.a.volumes[0]: the volume "data" is not defined; define it under the top-level "volumes"',
  ],
  [
    'a secret and a config',
    service('secrets: [s]', 'configs: [{source: c}]'),
    '4:15: services.a.secrets[0]: the secret "s" is not defined; define it under the top-level "secrets"',
    '5:15: services.a.configs[0]: the config "c" is not defined; define it under the top-level "configs"',
  ],
  [
    'a service',
    service('links: ["b:x"]', 'network_mode: service:c'),
    '4:13: services.a.links[0]: the service "b" is not defined; no such service, or its profile is not active',
    '5:19: services.a.network_mode: the service "c" is not defined; no such service, or its profile is not active',
  ],
  [
    'a port twice in a service',
    service('ports: ["80:80", "80:81"]'),
    '4:22: services.a.ports[1]: the published port 80/tcp is taken by this service, in compose.yaml:4',
  ],
  [
    'a port twice in two services',
    `${service('ports: ["80:80"]')}\n  b: {image: i, ports: ["127.0.0.1:80:8080", "80:80/udp"]}`,
    '5:25: services.b.ports[0]: the published port 80/tcp is taken by the service a, in compose.yaml:4',
  ],
  [
    'a circle',
    'services: {a: {image: i, depends_on: [b]}, b: {image: i, links: [c]}, c: {image: i, depends_on: [a]}}',
    '1:26: services.a.depends_on: the services wait for one another: a → b → c → a',
  ],
  [
    'two mounts at one place',
    service('volumes: ["/x:/d", "/y:/d/"]'),
    '4:24: services.a.volumes[1]: /d is mounted already, in compose.yaml:4',
  ],
  [
    'network_mode and networks',
    service('network_mode: host', 'networks: [default]'),
    '4:19: services.a.network_mode: cannot stand beside "networks"; take one of them out',
  ],
  [
    'a duration',
    service('stop_grace_period: "30"'),
    '4:24: services.a.stop_grace_period: "30" is not a duration such as 30s, 1m30s or 500ms; did you mean "30s"?',
  ],
  ['a size', service('mem_limit: lots'), '4:16: services.a.mem_limit: "lots" is not a size such as 512m, 64kb or 1.5g'],
  ['a boolean', service('tty: maybe'), '4:10: services.a.tty: must be true or false, not "maybe"'],
  [
    'replicas',
    service('deploy: {replicas: many}'),
    '4:24: services.a.deploy.replicas: must be a whole number, not "many"',
  ],
  [
    'negative replicas',
    service('deploy: {replicas: -1}'),
    '4:24: services.a.deploy.replicas: must be at least 0, not -1',
  ],
  [
    'global with replicas',
    service('deploy: {mode: global, replicas: 2}'),
    '4:38: services.a.deploy.replicas: a service of the mode global runs once on every node; the number of replicas must go',
  ],
  [
    'scale against replicas',
    service('scale: 2', 'deploy: {replicas: 3}'),
    '4:12: services.a.scale: contradicts deploy.replicas, which is 3; take one of them out',
  ],
  [
    'a mode',
    service('deploy: {mode: everywhere}'),
    '4:20: services.a.deploy.mode: must be one of replicated, global, replicated-job, global-job, not "everywhere"',
  ],
  [
    'a restart policy',
    service('restart: sometimes'),
    '4:14: services.a.restart: must be no, always, unless-stopped or on-failure[:times], not "sometimes"',
  ],
  [
    'a constraint',
    service('deploy: {placement: {constraints: [node.role = manager]}}'),
    '4:39: services.a.deploy.placement.constraints: "node.role = manager" must have the form key==value or key!=value',
  ],
  [
    'a mount type',
    service('volumes: [{type: npipe, source: x, target: /x}]'),
    '4:22: services.a.volumes[0].type: mounts of the type npipe are not supported; use bind, volume, tmpfs or image',
  ],
  [
    'a health check',
    service('healthcheck: {test: [curl, x]}'),
    '4:25: services.a.healthcheck.test: a list must begin with "NONE", "CMD" or "CMD-SHELL", not "curl"',
  ],
  [
    'a subnet',
    service() + '\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0}]}}}',
    '4:47: networks.default.ipam.config[0].subnet: "10.0.0.0" is not a network such as 10.5.0.0/16',
  ],
  [
    'an address for several tasks',
    service('networks: {default: {ipv4_address: 10.0.0.7}}', 'scale: 2'),
    '4:40: services.a.networks.default.ipv4_address: cannot be given to a service that may have several tasks',
  ],
  [
    'an address that is none',
    service('networks: {default: {ipv4_address: 10.0.0}}'),
    '4:40: services.a.networks.default.ipv4_address: "10.0.0" is not an address such as 10.5.0.7',
  ],
  [
    'one name for two networks',
    `${service('networks: [x, y]')}\nnetworks: {x: {name: n}, y: {name: n}}`,
    '5:36: networks.y.name: n is the name of "x" already',
  ],
  [
    'two subnets',
    `${service()}\nnetworks: {default: {ipam: {config: [{subnet: 10.1.0.0/24}, {subnet: 10.2.0.0/24}]}}}`,
    '4:37: networks.default.ipam.config: a network has one subnet of IPv4; take the others out',
  ],
  [
    'swap below memory',
    service('mem_limit: 1g', 'memswap_limit: 512m'),
    '5:20: services.a.memswap_limit: counts memory and swap; it cannot be below the memory limit',
  ],
  [
    'a secret without source',
    service('secrets: [s]') + '\nsecrets: {s: {}}',
    '5:14: secrets.s: needs exactly one of file, environment or external; it has none of them',
  ],
  [
    'a config with two sources',
    service('configs: [s]') + '\nconfigs: {s: {content: x, file: y}}',
    '5:14: configs.s: needs exactly one of file, content, environment or external; it has file and content',
  ],
  [
    'a secret file',
    service('secrets: [s]') + '\nsecrets: {s: {file: ./no}}',
    '5:21: secrets.s.file: the file no does not exist',
  ],
  [
    'a secret variable',
    service('secrets: [s]') + '\nsecrets: {s: {environment: PW}}',
    '5:28: secrets.s.environment: the variable PW is not set',
  ],
];

for (const [title, text, ...expected] of [...schema, ...semantics]) {
  test(`refused with line and reason: ${title}`, async () => {
    assert.deepEqual(
      await errorsOf(text),
      expected.map((line) => `compose.yaml:${line}`),
    );
  });
}

test('the errors of all files are told', async () => {
  const files = { 'a.yaml': 'services: {a: {image: 1}}', 'b.yaml': 'services: {a: {foo: 1}}', 'c.yaml': 'services: [' };
  const errors = await errorsOf(files, { files: ['a.yaml', 'b.yaml', 'c.yaml'] });
  assert.deepEqual([...new Set(errors.map((error) => error.slice(0, 6)))], ['a.yaml', 'b.yaml', 'c.yaml']);
});

const everything = `services:
  web:
    image: nginx
    portz: [80]
    ports: ["80:99999", "8080:80", "8080:81"]
    depends_on: [dbb, db]
    networks: [front, bcak]
    secrets: [pw]
    configs: [c]
    volumes: ["data:/d", "dat:/e", "x:y:z:w"]
    stop_grace_period: 10
    environment: {A: "\${NEEDED:?set it}"}
  db:
    imagee: postgres
    deploy: {replicas: -1}
    mem_limit: lots
networks: {front: {}, back: {drivr: x}}
volumes: {data: {}}`;

test('faults of every kind are told at once, each at its line, and no consequence of another', async () => {
  const lines = (await errorsOf(everything)).map((error) => /^compose\.yaml:(\d+:\d+: [^:]+)/.exec(error)?.[1]);
  assert.deepEqual(lines, [
    '4:5: services.web.portz',
    '5:13: services.web.ports[0]',
    '5:36: services.web.ports[2]',
    '6:18: services.web.depends_on.dbb',
    '7:23: services.web.networks.bcak',
    '8:15: services.web.secrets[0]',
    '9:15: services.web.configs[0]',
    '10:26: services.web.volumes[1]',
    '10:36: services.web.volumes[2]',
    '11:24: services.web.stop_grace_period',
    '12:22: services.web.environment.A',
    '14:5: services.db.imagee',
    '15:24: services.db.deploy.replicas',
    '16:16: services.db.mem_limit',
    '17:30: networks.back.drivr',
  ]);
});

const hiding: readonly (readonly [title: string, text: string, ...expected: readonly string[]])[] = [
  [
    'a section with a slip hides what is in it, and no other fault',
    'services: {a: {image: i, volumes: ["v:/v"], mem_limit: lots}}\nvolums: {v: {}}',
    '1:56: services.a.mem_limit',
    '2:1: volums',
  ],
  [
    'a resource that is wrong as a whole is there all the same',
    'services: {a: {image: i, networks: [n], depends_on: [b]}, b: 3}\nnetworks: {n: [x]}',
    '1:62: services.b',
    '2:15: networks.n',
  ],
  [
    'a file that is not there hides what it would have brought',
    'include: [other.yaml]\nservices: {a: {image: i, networks: [n]}}',
    '1:11: include[0]',
  ],
  [
    'a service that is not there hides what it would have brought',
    'services: {a: {extends: base, networks: [n], portz: x}}',
    '1:25: services.a.extends',
    '1:46: services.a.portz',
  ],
  [
    'a source with a slip is no missing source',
    `${service('secrets: [s]')}\nsecrets: {s: {fil: x}}`,
    '5:15: secrets.s.fil',
  ],
];
for (const [title, text, ...expected] of hiding) {
  test(title, async () => {
    const found = (await errorsOf(text)).map((error) => /^compose\.yaml:(\d+:\d+: [^:]+)/.exec(error)?.[1]);
    assert.deepEqual(found, expected);
  });
}

test('a secret is too large', async () => {
  const errors = await errorsOf({
    'compose.yaml': `${service('secrets: [s]')}\nsecrets: {s: {file: big}}`,
    big: new Uint8Array(500_001),
  });
  assert.match(errors[0] ?? '', /has 500001 bytes of data; at most 500000/);
});

test('values in messages are short, and collections are not shown', async () => {
  const [long] = await errorsOf(service(`init: ${'x'.repeat(500)}`));
  assert.ok((long ?? '').length < 700);
  const [list] = await errorsOf(service('user: [s3cret]'));
  assert.doesNotMatch(list ?? '', /s3cret/);
});
