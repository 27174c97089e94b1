import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { ApiRequest } from '../http/request.ts';
import { createLockedApi } from './locked.ts';

const asked = (method: string, path: string, body = ''): ApiRequest => ({
  method,
  path,
  params: {},
  query: new URLSearchParams(),
  headers: {},
  body: (async function* () {
    yield Buffer.from(body);
  })(),
  signal: new AbortController().signal,
});

test('a locked manager says so, takes its key and nothing else', async () => {
  let opened = '';
  const answer = createLockedApi({
    version: '1',
    nodeId: 'n',
    address: '10.0.0.1',
    unlock: async (key) => {
      if (key !== 'right') throw new TuttiError('permission-denied', 'invalid key provided');
      opened = key;
    },
  });
  const info = await answer(asked('GET', '/v1.41/info'));
  assert.match(JSON.stringify(info), /"LocalNodeState":"locked"/);
  assert.equal((await answer(asked('GET', '/_ping'))).headers?.['swarm'], 'locked');
  for (const request of [asked('GET', '/v1.41/services'), asked('POST', '/swarm/update', '{}')]) {
    const refused = await answer(request);
    assert.ok(refused.kind === 'json' && refused.status === 503);
  }
  const wrong = await answer(asked('POST', '/swarm/unlock', '{"UnlockKey":"wrong"}'));
  assert.ok(wrong.kind === 'json' && wrong.status === 403);
  assert.equal(opened, '');
  assert.equal((await answer(asked('POST', '/v1.51/swarm/unlock', '{"UnlockKey":"right"}'))).kind, 'empty');
  assert.equal(opened, 'right');
});
