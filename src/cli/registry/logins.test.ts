import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exec } from '../../platform/exec.ts';
import type { StackSpec } from '../../model/stack.ts';
import { withLogins } from './logins.ts';

const stackOf = (...images: readonly string[]): StackSpec => ({
  name: 'shop',
  services: images.map((image, at) => ({
    name: `shop_${at}`,
    task: { containers: [{ name: 'main', image }] },
    mode: { kind: 'replicated', replicas: 1 },
  })),
  networks: [],
  secrets: [],
  configs: [],
});

const run = async (config: unknown, images: readonly string[], answers: Readonly<Record<string, string>> = {}) => {
  const warnings: string[] = [];
  const asked: string[] = [];
  const exec: Exec = async (command, args, options) => {
    asked.push(`${command} ${args.join(' ')} < ${options?.input}`);
    const stdout = answers[command];
    if (stdout === undefined) return { code: -1, stdout: '', stderr: 'spawn ENOENT' };
    return { code: stdout.startsWith('{') ? 0 : 1, stdout, stderr: '' };
  };
  const stack = await withLogins(stackOf(...images), {
    environment: { HOME: '/home/me' },
    signal: new AbortController().signal,
    exec,
    readFile: async (path) =>
      path === '/home/me/.docker/config.json' && config !== undefined
        ? Buffer.from(typeof config === 'string' ? config : JSON.stringify(config))
        : undefined,
    warn: (text) => warnings.push(text),
  });
  const credentials = stack.services.map(({ task }) =>
    Object.fromEntries(
      Object.entries(task.pullCredentials ?? {}).map(([registry, text]) => [
        registry,
        JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown,
      ]),
    ),
  );
  return { credentials, warnings, asked, stack };
};

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

test('each service gets the logins of the registries of its own images', async () => {
  const auths = {
    'ghcr.io': auth('me:pass:word'),
    'https://index.docker.io/v1/': auth('hub:pw'),
    'other.example': auth('x:y'),
  };
  const { credentials, warnings } = await run({ auths }, ['ghcr.io/me/app:1', 'redis', 'free.example/app']);
  assert.deepEqual(credentials, [
    { 'ghcr.io': { username: 'me', password: 'pass:word', serveraddress: 'ghcr.io' } },
    { 'docker.io': { username: 'hub', password: 'pw', serveraddress: 'https://index.docker.io/v1/' } },
    {},
  ]);
  assert.deepEqual(warnings, []);
});

test('helper programs are asked first, by the server on their standard input; the file serves what they do not know', async () => {
  const config = {
    auths: { 'a.example': auth('old:old'), 'b.example': auth('file:pw') },
    credHelpers: { 'a.example': 'one' },
    credsStore: 'all',
  };
  const { credentials, asked, warnings } = await run(config, ['a.example/x', 'b.example/x'], {
    'docker-credential-one': JSON.stringify({ ServerURL: 'a.example', Username: '<token>', Secret: 's' }),
    'docker-credential-all': 'credentials not found in native keychain',
  });
  assert.deepEqual(asked, ['docker-credential-one get < a.example', 'docker-credential-all get < b.example']);
  assert.deepEqual(credentials, [
    { 'a.example': { identitytoken: 's', serveraddress: 'a.example' } },
    { 'b.example': { username: 'file', password: 'pw', serveraddress: 'b.example' } },
  ]);
  assert.deepEqual(warnings, []);
});

test('what cannot be read is a warning without secrets, and the stack goes on as it is', async () => {
  const unreadable = await run('{"auths": {"a.example": {"auth": "c2VjcmV0"}', ['a.example/x']);
  assert.equal(unreadable.warnings.length, 1);
  assert.match(unreadable.warnings[0] ?? '', /config\.json cannot be read/);
  const failing = await run({ credsStore: 'gone' }, ['a.example/x']);
  assert.match(failing.warnings[0] ?? '', /"docker-credential-gone get" failed/);
  const wrong = await run({ credsStore: 'odd' }, ['a.example/x'], { 'docker-credential-odd': '{"Secret": "s3cret"' });
  const path = await run({ credsStore: '../../bin/sh' }, ['a.example/x']);
  assert.deepEqual(path.asked, []);
  for (const { warnings, credentials } of [unreadable, failing, wrong, path]) {
    assert.doesNotMatch(warnings.join(), /s3cret|c2VjcmV0/);
    assert.deepEqual(credentials, [{}]);
  }
});

test('nothing is said where nobody has logged in', async () => {
  assert.deepEqual((await run(undefined, ['redis'])).warnings, []);
});

test('the same logins give the same text, padded as engines want it', async () => {
  const config = { auths: { 'a.example': auth('me:pw') } };
  const [first, second] = [await run(config, ['a.example/x']), await run(config, ['a.example/x'])];
  assert.deepEqual(first.stack, second.stack);
  assert.equal((first.stack.services[0]?.task.pullCredentials?.['a.example'] ?? '').length % 4, 0);
});
