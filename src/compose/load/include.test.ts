import assert from 'node:assert/strict';
import test from 'node:test';
import { containerOf, errorsOf, stackOf } from '../testing/memory.ts';

test('includes files, each with its own directory and variables', async () => {
  const { stack } = await stackOf(
    {
      'compose.yaml': `
include:
  - db/compose.yaml
  - path: [cache/a.yaml, cache/b.yaml]
    env_file: cache/my.env
    project_directory: elsewhere
services:
  web: {image: web, depends_on: [db, cache]}
`,
      'db/compose.yaml': 'services: {db: {image: "db:${V}", volumes: ["./d:/d"]}}\n',
      'db/.env': 'V=7\nOUTER=inner',
      'cache/a.yaml': 'services: {cache: {image: "c:${V}", volumes: ["./e:/e"]}}',
      'cache/b.yaml': 'services: {cache: {command: "${OUTER}"}}',
      'cache/my.env': 'V=8\nOUTER=inner',
    },
    { environment: { OUTER: 'outer' } },
  );
  assert.equal(containerOf(stack, 'db').image, 'db:7');
  assert.equal(containerOf(stack, 'db').mounts?.[0]?.source, '/app/db/d');
  assert.equal(containerOf(stack, 'cache').image, 'c:8');
  assert.equal(containerOf(stack, 'cache').mounts?.[0]?.source, '/app/elsewhere/e');
  assert.deepEqual(containerOf(stack, 'cache').command, ['outer']);
});

test('includes are nested, and an override file changes what was included', async () => {
  const { stack } = await stackOf({
    'compose.yaml': 'include: [a/c.yaml]\nservices: {web: {image: w}}',
    'compose.override.yaml': 'services: {deep: {image: changed}}',
    'a/c.yaml': 'include: [{path: b/c.yaml}]\nservices: {mid: {image: m}}',
    'a/b/c.yaml': 'services: {deep: {image: d}}',
  });
  assert.deepEqual(stack.services.map(({ name }) => name).sort(), ['app_deep', 'app_mid', 'app_web']);
  assert.equal(containerOf(stack, 'deep').image, 'changed');
});

test('the same name for two things is refused; the same thing twice is not', async () => {
  const included = { 'o.yaml': 'services: {web: {image: other}}\nnetworks: {n: {internal: true}}' };
  const conflict = await errorsOf({ 'compose.yaml': 'include: [o.yaml]\nservices:\n  web: {image: w}\n', ...included });
  assert.deepEqual(conflict, [
    'compose.yaml:3:3: include[0]: services.web conflicts with the one included from o.yaml:1',
  ]);
  const same =
    'include: [o.yaml]\nservices: {web: {image: other}, x: {image: i, networks: [n]}}\nnetworks: {n: {internal: true}}';
  assert.deepEqual(await errorsOf({ 'compose.yaml': same, ...included }), []);
});

test('files that include one another are refused', async () => {
  const files = { 'compose.yaml': 'include: [b.yaml]\nservices: {a: {image: i}}', 'b.yaml': 'include: [compose.yaml]' };
  assert.match(
    (await errorsOf(files))[0] ?? '',
    /^b\.yaml:1:11: include\[0\]: the files include one another in a circle/,
  );
});

test('what is included must be there, local, and whole', async () => {
  assert.match(
    (await errorsOf('include: [no.yaml]'))[0] ?? '',
    /^compose\.yaml:1:11: include\[0\]: the file no\.yaml does not/,
  );
  assert.match((await errorsOf('include: ["oci://x/y"]'))[0] ?? '', /not a local file/);
  assert.match((await errorsOf('include: [{env_file: x}]'))[0] ?? '', /"path" is missing/);
});
