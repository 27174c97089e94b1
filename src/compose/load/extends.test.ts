import assert from 'node:assert/strict';
import test from 'node:test';
import { containerOf, errorsOf, serviceOf, stackOf } from '../testing/memory.ts';

test('extends a service of the same file, in a chain', async () => {
  const { stack } = await stackOf(`
services:
  base: {image: i, environment: {A: 1, B: 1}, profiles: [never]}
  middle: {extends: base, environment: {B: 2, C: 2}, profiles: !reset []}
  leaf: {extends: {service: middle}, environment: [C=3], command: run}
`);
  assert.deepEqual([...(containerOf(stack, 'leaf').env ?? [])].sort(), ['A=1', 'B=2', 'C=3']);
  assert.deepEqual(containerOf(stack, 'leaf').command, ['run']);
  assert.equal(containerOf(stack, 'leaf').image, 'i');
});

test('extends a service of another file, whose paths start at that file', async () => {
  const { stack } = await stackOf({
    'compose.yaml': `
services:
  web:
    extends: {file: common/base.yaml, service: web}
    ports: !override ["81:80"]
    volumes: ["./here:/here"]
`,
    'common/base.yaml': `
services:
  web:
    extends: {file: deeper/root.yaml, service: root}
    image: web
    ports: ["80:80"]
    volumes: ["./there:/there"]
    env_file: ./web.env
  unrelated: {image: x}
`,
    'common/deeper/root.yaml': 'services: {root: {image: root, volumes: ["./root:/root"], stop_grace_period: 3s}}',
    'common/web.env': 'FROM=common',
  });
  const web = containerOf(stack, 'web');
  assert.equal(web.image, 'web');
  assert.equal(web.stopGraceMs, 3000);
  assert.deepEqual(web.env, ['FROM=common']);
  assert.deepEqual(web.mounts?.map(({ source }) => source).sort(), [
    '/app/common/deeper/root',
    '/app/common/there',
    '/app/here',
  ]);
  assert.deepEqual(
    serviceOf(stack, 'web').endpoint?.ports?.map(({ published }) => published),
    [81],
  );
  assert.deepEqual(
    stack.services.map(({ name }) => name),
    ['app_web'],
  );
});

test('services that extend one another in a circle are refused', async () => {
  const [error] = await errorsOf('services:\n  a: {extends: b}\n  b: {extends: c}\n  c: {extends: a}\n');
  assert.match(
    error ?? '',
    /^compose\.yaml:\d:\d+: services\..\.extends: the services extend one another in a circle: /,
  );
  const across = {
    'compose.yaml': 'services: {a: {image: i, extends: {file: o.yaml, service: b}}}',
    'o.yaml': 'services: {b: {extends: {file: compose.yaml, service: a}}}',
  };
  assert.match((await errorsOf(across))[0] ?? '', /in a circle/);
});

test('what is extended must be there', async () => {
  assert.match(
    (await errorsOf('services: {a: {image: i, extends: {service: x}}, b: {image: i}}'))[0] ?? '',
    /there is no service "x" in this file; it has a, b/,
  );
  assert.match(
    (await errorsOf('services: {a: {image: i, extends: {service: x, file: no.yaml}}}'))[0] ?? '',
    /^compose\.yaml:1:\d+: services\.a\.extends\.file: the file no\.yaml does not exist/,
  );
});

test('a fault in what is extended points into that file', async () => {
  const files = {
    'compose.yaml': 'services: {a: {extends: {file: b.yaml, service: b}}}',
    'b.yaml': 'services:\n  b:\n    image: i\n    stop_grace_period: soon\n',
  };
  assert.match(
    (await errorsOf(files))[0] ?? '',
    /^b\.yaml:4:24: services\.a\.stop_grace_period: "soon" is not a duration/,
  );
});
