import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doubtfulNames, mergeImages } from './images.ts';

const old = { Id: 'sha256:old', Created: 1, RepoTags: ['app:1', 'app:old'] };
const young = { Id: 'sha256:young', Created: 2, RepoTags: ['app:1'] };
const nodes = [
  { nodeName: 'a', images: [young] },
  { nodeName: 'b', images: [old, { Id: 'sha256:none', Created: 0, RepoTags: ['<none>:<none>'] }] },
  { nodeName: 'c', images: [{ Id: 'sha256:other', Created: 0, RepoTags: ['<none>:<none>'] }] },
];
const tagsOf = (...given: Parameters<typeof mergeImages>): Record<string, readonly string[]> =>
  Object.fromEntries(mergeImages(...given).map(({ Id, RepoTags }) => [Id, RepoTags]));

test('a name that two images have is shown once: at the one that is meant, else at the newer', () => {
  assert.deepEqual(doubtfulNames(nodes), ['app:1']);
  assert.deepEqual(tagsOf(nodes)['sha256:young'], ['app:1']);
  assert.deepEqual(tagsOf(nodes)['sha256:old'], ['app:old']);
  const meant = new Map([['app:1', 'sha256:old']]);
  assert.deepEqual(tagsOf(nodes, meant)['sha256:young'], []);
  assert.deepEqual(tagsOf(nodes, meant)['sha256:old'], ['app:1', 'app:old']);
});
