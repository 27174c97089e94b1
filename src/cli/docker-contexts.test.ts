import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { extract } from 'tar-stream';
import { checkContextName, contextArchive, dockerContexts } from './docker-contexts.ts';

const context = {
  name: 'prod',
  description: 'a Tutti cluster',
  host: 'tcp://10.0.0.1:2376',
  authority: 'ca',
  certificate: 'cert',
  key: 'key',
};

test('a context is written as the docker command keeps it, read back and removed whole', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-contexts-'));
  try {
    const contexts = dockerContexts(directory);
    assert.equal(await contexts.read('prod'), undefined);
    await contexts.write(context);
    await contexts.write(context);
    assert.deepEqual(await contexts.read('prod'), context);
    const [id = ''] = await readdir(join(directory, 'contexts', 'tls'));
    assert.equal(id, '6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77');
    const key = await stat(join(directory, 'contexts', 'tls', id, 'docker', 'key.pem'));
    assert.equal(key.mode & 0o777, 0o600);
    assert.equal(await contexts.isCurrent('prod'), false);
    await writeFile(join(directory, 'config.json'), '{"auths":{},"currentContext":"prod"}');
    assert.equal(await contexts.isCurrent('prod'), true);
    await contexts.remove('prod');
    assert.deepEqual(await readdir(join(directory, 'contexts', 'meta')), []);
    assert.deepEqual(await readdir(join(directory, 'contexts', 'tls')), []);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('an archive has what docker context import wants', async () => {
  const names: string[] = [];
  const archive = extract();
  archive.end(await contextArchive(context));
  for await (const entry of archive) {
    names.push(entry.header.name);
    entry.resume();
  }
  assert.deepEqual(names, ['meta.json', 'tls/docker/ca.pem', 'tls/docker/cert.pem', 'tls/docker/key.pem']);
});

test('names that the docker command does not take are refused', () => {
  for (const name of ['', 'x', 'default', '-a', '../x', 'a b', 'a/b']) {
    assert.throws(() => checkContextName(name), { code: 'invalid-argument' });
  }
  checkContextName('prod.eu-1');
});
