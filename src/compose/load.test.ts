import assert from 'node:assert/strict';
import test from 'node:test';
import type { MemoryFiles, TestOptions } from './testing/memory.ts';
import { containerOf, errorsOf, load, serviceOf, stackOf } from './testing/memory.ts';

const image = (name: string, more = ''): string => `services: {${name}: {image: i${more === '' ? '' : `, ${more}`}}}`;

test('an ordinary file', async () => {
  const { stack, warnings } = await stackOf(`
name: app
services:
  vote:
    image: vote:1
    ports: ["8080:80"]
    environment: {REDIS: redis}
    networks: [front]
  db:
    image: postgres
    volumes: ["data:/var/lib/postgresql"]
networks: {front: {}}
volumes: {data: {}}
`);
  assert.deepEqual(warnings, []);
  assert.equal(stack.name, 'app');
  assert.deepEqual(
    stack.services.map(({ name }) => name),
    ['app_vote', 'app_db'],
  );
  assert.deepEqual(
    stack.networks.map(({ name }) => name),
    ['app_front', 'app_default'],
  );
  assert.deepEqual(serviceOf(stack, 'vote').labels, {
    'com.docker.stack.image': 'vote:1',
    'com.docker.stack.namespace': 'app',
  });
  assert.deepEqual(containerOf(stack, 'db').mounts, [
    {
      type: 'volume',
      source: 'app_data',
      target: '/var/lib/postgresql',
      volume: { labels: { 'com.docker.stack.namespace': 'app' } },
    },
  ]);
});

const names: readonly (readonly [title: string, options: TestOptions, text: string, expected: string])[] = [
  ['the directory', { projectDirectory: '/srv/My App.2' }, image('a'), 'myapp2'],
  ['the file', {}, `name: fromfile\n${image('a')}`, 'fromfile'],
  ['the environment', { environment: { COMPOSE_PROJECT_NAME: 'fromenv' } }, `name: fromfile\n${image('a')}`, 'fromenv'],
  [
    'the command',
    { projectName: 'asked', environment: { COMPOSE_PROJECT_NAME: 'x' } },
    `name: y\n${image('a')}`,
    'asked',
  ],
  ['the file with a variable', { environment: { V: 'x' } }, `name: app-$V\n${image('a')}`, 'app-x'],
];
for (const [title, options, text, expected] of names) {
  test(`the name comes from ${title}`, async () => {
    const { stack } = await stackOf({ 'compose.yaml': text, '/app/compose.yaml': text }, options);
    assert.equal(stack.name, expected);
  });
}

test('the name can be used in the file', async () => {
  const { stack } = await stackOf('services: {a: {image: "r/${COMPOSE_PROJECT_NAME}"}}', { projectName: 'p' });
  assert.equal(containerOf(stack, 'a').image, 'r/p');
});

const variables: readonly (readonly [title: string, files: MemoryFiles, options: TestOptions, expected: string])[] = [
  ['.env', { '.env': 'T=1' }, {}, 'i:1'],
  ['the environment before .env', { '.env': 'T=1' }, { environment: { T: '2' } }, 'i:2'],
  ['--env-file instead of .env', { '.env': 'T=1', 'x.env': 'T=3' }, { envFiles: ['x.env'] }, 'i:3'],
  ['the last --env-file', { 'x.env': 'T=3', 'y.env': 'T=4' }, { envFiles: ['x.env', 'y.env'] }, 'i:4'],
  ['a default', {}, {}, 'i:d'],
];
for (const [title, files, options, expected] of variables) {
  test(`variables come from ${title}`, async () => {
    const { stack } = await stackOf({ 'compose.yaml': 'services: {a: {image: "i:${T:-d}"}}', ...files }, options);
    assert.equal(containerOf(stack, 'a').image, expected);
  });
}

test('a variable that is not set is a warning, one that must be set an error', async () => {
  const { warnings } = await stackOf('services: {a: {image: "i$NO"}}');
  assert.deepEqual(warnings, ['compose.yaml:1:23: services.a.image: the variable NO is not set; it is taken as empty']);
  assert.deepEqual(await errorsOf('services: {a: {image: "${NO:?needed}"}}'), [
    'compose.yaml:1:23: services.a.image: the variable NO must be set: needed',
  ]);
});

test('texts become numbers and booleans where those are meant', async () => {
  const { stack } = await stackOf(
    `
services:
  a:
    image: i
    init: "\${YES}"
    depends_on: {b: {condition: service_started, required: "\${NO}"}}
    deploy: {replicas: "\${N}"}
    oom_score_adj: "\${N}"
    ports: ["\${N}:80"]
  b: {image: i}
`,
    { environment: { YES: 'yes', NO: 'false', N: '3' } },
  );
  assert.equal(containerOf(stack, 'a').init, true);
  assert.equal(containerOf(stack, 'a').oomScoreAdj, 3);
  assert.deepEqual(serviceOf(stack, 'a').mode, { kind: 'replicated', replicas: 3 });
  assert.deepEqual(serviceOf(stack, 'a').dependsOn, [{ service: 'app_b', condition: 'started', required: false }]);
});

test('files are merged in order, and override files are found', async () => {
  const files = { 'compose.yaml': image('a', 'command: x'), 'compose.override.yaml': 'services: {a: {image: j}}' };
  assert.equal(containerOf((await stackOf(files)).stack, 'a').image, 'j');
  assert.equal(containerOf((await stackOf(files, { files: ['compose.yaml'] })).stack, 'a').image, 'i');
  const both = await stackOf(files, { environment: { COMPOSE_FILE: 'compose.override.yaml:compose.yaml' } });
  assert.equal(containerOf(both.stack, 'a').image, 'i');
});

test('relative paths start at the first file', async () => {
  const { stack } = await stackOf(
    { 'x/a.yaml': image('a', 'volumes: [./d:/d]'), 'y/b.yaml': image('a', 'volumes: [./e:/e]') },
    { files: ['x/a.yaml', 'y/b.yaml'] },
  );
  assert.deepEqual(
    containerOf(stack, 'a').mounts?.map(({ source }) => source),
    ['/app/x/d', '/app/x/e'],
  );
});

test('standard input is a file', async () => {
  const { stack } = await stackOf({ '-': image('a') }, { files: ['-'] });
  assert.equal(stack.name, 'app');
});

test('profiles', async () => {
  const text = 'services: {a: {image: i}, b: {image: i, profiles: [x]}, c: {image: i, profiles: [y, z]}}';
  const active = async (options: TestOptions): Promise<string[]> =>
    (await stackOf(text, options)).stack.services.map(({ name }) => name.slice('app_'.length));
  assert.deepEqual(await active({}), ['a']);
  assert.deepEqual(await active({ profiles: ['x'] }), ['a', 'b']);
  assert.deepEqual(await active({ environment: { COMPOSE_PROFILES: 'x,z' } }), ['a', 'b', 'c']);
  assert.deepEqual(await active({ profiles: ['*'] }), ['a', 'b', 'c']);
});

test('a service whose profile is not active cannot be depended on, unless it is not required', async () => {
  const text = (required: boolean): string =>
    `services: {a: {image: i, depends_on: {b: {condition: service_started, required: ${required}}}}, b: {image: i, profiles: [x]}}`;
  assert.match(
    (await errorsOf(text(true)))[0] ?? '',
    /the service "b" is not defined; no such service, or its profile/,
  );
  assert.match((await stackOf(text(false))).warnings[0] ?? '', /depends_on\.b: ignored/);
});

test('env_file lies below environment, later files above earlier ones', async () => {
  const { stack } = await stackOf(
    {
      'compose.yaml': `
services:
  a:
    image: i
    env_file: [one.env, {path: two.env}, {path: no.env, required: false}, {path: raw.env, format: raw}]
    environment: {C: own, HOST: null}
    label_file: l.env
    labels: {x: own}
`,
      'one.env': 'A=1\nB=1\nC=1\n',
      'two.env': 'B=2\nD=${HOST}x',
      'raw.env': 'R="$HOST"',
      'l.env': 'x=1\ny=2',
    },
    { environment: { HOST: 'h' } },
  );
  const { env, labels } = containerOf(stack, 'a');
  assert.deepEqual([...(env ?? [])].sort(), ['A=1', 'B=2', 'C=own', 'D=hx', 'HOST=h', 'R="$HOST"']);
  assert.deepEqual(labels, { x: 'own', y: '2', 'com.docker.stack.namespace': 'app' });
});

test('an env_file that is missing or broken is told at its place', async () => {
  assert.deepEqual(await errorsOf(image('a', 'env_file: no.env')), [
    'compose.yaml:1:36: services.a.env_file[0]: the file no.env does not exist',
  ]);
  const broken = { 'compose.yaml': image('a', 'env_file: b.env'), 'b.env': 'A=1\n!!\n' };
  assert.match((await errorsOf(broken))[0] ?? '', /^b\.env:2:1: services\.a\.env_file\[0\]: expected NAME=value/);
});

test('secrets and configs from every source', async () => {
  const { stack } = await stackOf(
    {
      'compose.yaml': `
services:
  a:
    image: i
    secrets: [f, {source: e, target: /x/e, uid: "1", gid: "2", mode: 0400}, ext]
    configs: [c, {source: old, target: /old, mode: "0444"}]
secrets:
  f: {file: ./s.bin}
  e: {environment: PW, labels: [k=v]}
  ext: {external: true}
configs:
  c: {content: "hello \${WHO}", template_driver: golang}
  old: {external: {name: other_old}}
`,
      's.bin': new Uint8Array([0, 255, 128]),
    },
    { environment: { PW: 'secret', WHO: 'you' } },
  );
  const container = containerOf(stack, 'a');
  assert.deepEqual(container.secrets, [
    { secretId: 'app_f', secretName: 'app_f', target: 'f', uid: '0', gid: '0', mode: 0o444 },
    { secretId: 'app_e', secretName: 'app_e', target: '/x/e', uid: '1', gid: '2', mode: 0o400 },
    { secretId: 'ext', secretName: 'ext', target: 'ext', uid: '0', gid: '0', mode: 0o444 },
  ]);
  assert.deepEqual(container.configs, [
    { configId: 'app_c', configName: 'app_c', target: 'c', uid: '0', gid: '0', mode: 0o444 },
    { configId: 'other_old', configName: 'other_old', target: '/old', uid: '0', gid: '0', mode: 0o444 },
  ]);
  assert.deepEqual(
    stack.secrets.map(({ name, data }) => [name, data]),
    [
      ['app_f', 'AP+A'],
      ['app_e', Buffer.from('secret').toString('base64')],
    ],
  );
  assert.deepEqual(stack.configs, [
    {
      name: 'app_c',
      labels: { 'com.docker.stack.namespace': 'app' },
      data: Buffer.from('hello you').toString('base64'),
      templating: { name: 'golang' },
    },
  ]);
  assert.deepEqual(stack.external, { secrets: ['ext'], configs: ['other_old'] });
});

test('what no service uses is not made, and the user is told', async () => {
  const { stack, warnings } = await stackOf(`${image('a')}\nnetworks: {n: {}}\nsecrets: {s: {file: ./missing}}`);
  assert.deepEqual(
    stack.networks.map(({ name }) => name),
    ['app_default'],
  );
  assert.deepEqual(warnings, [
    'compose.yaml:2:12: networks.n: no service uses it; it is not created',
    'compose.yaml:3:11: secrets.s: no service uses it; it is not created',
  ]);
});

test('several YAML documents are merged as files are', async () => {
  const { stack } = await stackOf(`${image('a')}\n---\nservices: {a: {image: j}}`);
  assert.equal(containerOf(stack, 'a').image, 'j');
});

test('an aborted signal throws', async () => {
  const signal = AbortSignal.abort();
  const { loadProject } = await import('./load.ts');
  const readFile = async (): Promise<undefined> => undefined;
  await assert.rejects(loadProject([], { workingDirectory: '/', environment: {}, signal }, { readFile }), /abort/i);
});

test('a file that cannot be read', async () => {
  const { loadProject } = await import('./load.ts');
  const readFile = async (): Promise<Uint8Array> => {
    throw new Error('EACCES: permission denied');
  };
  const signal = AbortSignal.timeout(30_000);
  const result = await loadProject(
    ['a.yaml'],
    { workingDirectory: '/x', environment: {}, signal, envFiles: [] },
    { readFile },
  );
  assert.equal(result.kind, 'invalid');
  assert.match(result.kind === 'invalid' ? (result.errors[0]?.message ?? '') : '', /a\.yaml cannot be read: EACCES/);
});

test('no file at all', async () => {
  assert.match((await errorsOf({}))[0] ?? '', /there is no Compose file in \/app; looked for compose\.yaml/);
  const result = await load({}, { files: ['x.yaml'] });
  assert.equal(result.kind === 'invalid' && result.errors[0]?.message, 'the file x.yaml does not exist');
});
