import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineNeeds } from './engine-needs.ts';

const releases = (request: Readonly<Record<string, unknown>>, apiVersion?: string): readonly string[] =>
  engineNeeds({ request, ...(apiVersion !== undefined && { apiVersion }) }).map(
    ({ release, soft }) => `${release}${soft ? '~' : ''}`,
  );

test('what older engines pass over is found in a request', () => {
  assert.deepEqual(releases({ Image: 'web', HostConfig: { Annotations: {}, Mounts: [{ Type: 'volume' }] } }), []);
  const mounts = [
    { Type: 'image', Source: 'web' },
    { Type: 'volume', Source: 'data', VolumeOptions: { Subpath: 'a' } },
    { Type: 'bind', Source: '/a', BindOptions: { ReadOnlyForceRecursive: true } },
  ];
  assert.deepEqual(releases({ HostConfig: { Mounts: mounts } }), ['26.0', '25.0', '28.0']);
  const soft = {
    Healthcheck: { StartInterval: 1e9 },
    HostConfig: { Annotations: { a: 'b' } },
    NetworkingConfig: { EndpointsConfig: { web: { GwPriority: 1, MacAddress: '02:00:00:00:00:01' }, other: null } },
  };
  assert.deepEqual(releases(soft), ['25.0~', '24.0~', '25.0~', '28.0~']);
});

test('an older client, and what cannot be read, ask for nothing', () => {
  const request = { HostConfig: { Mounts: [{ Type: 'image', Source: 'web' }] } };
  assert.deepEqual(releases(request, '1.47'), []);
  assert.deepEqual(releases(request, '1.48'), ['28.0']);
  assert.deepEqual(releases({ HostConfig: { Mounts: 'all' } }), []);
});
