import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigId, SecretId } from './ids.ts';
import { mapFiles } from './file-references.ts';

test('each reference to a secret and a config becomes what is made of it, and what is absent stays so', () => {
  const bare = { name: 'main', image: 'app:1' };
  const files = (key: string, site: string) => ({
    ...bare,
    secrets: [{ secretId: key as SecretId, secretName: key, target: 'key' }],
    configs: [{ configId: site as ConfigId, configName: site, target: '/site' }],
  });
  const renamed = {
    secret: <One>(one: One) => ({ ...one, secretId: 'key-2' as SecretId, secretName: 'key-2' }),
    config: <One>(one: One) => ({ ...one, configId: 'site-2' as ConfigId, configName: 'site-2' }),
  };
  assert.deepEqual(mapFiles(files('key-1', 'site-1'), renamed), files('key-2', 'site-2'));
  assert.deepEqual(mapFiles(bare, renamed), bare);
});
