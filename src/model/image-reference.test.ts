import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageNamed, normalImage, parseImageReference } from './image-reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

test('an image has one spelling, whatever it was called', () => {
  const spellings = {
    'nginx:latest': ['nginx', 'docker.io/nginx', 'library/nginx:latest', 'index.docker.io/library/nginx'],
    'team/web:1': ['team/web:1', 'docker.io/team/web:1'],
    'library/team/web:1': ['library/team/web:1'],
    'localhost:5000/web:latest': ['localhost:5000/web'],
    [`web@${digest}`]: [`docker.io/library/web@${digest}`],
    [`web:1@${digest}`]: [`web:1@${digest}`],
    [digest]: [digest, 'ab'.repeat(32)],
  };
  for (const [normal, given] of Object.entries(spellings)) {
    for (const text of given) assert.equal(normalImage(text), normal, text);
  }
});

test('the image that an engine misses is found in its words', () => {
  const called = new Map([[`web@${digest}`, digest]]);
  const named = (message: string, ...images: readonly string[]) => imageNamed(message, images, called);
  const missing = (image: string) => `No such image: ${image}`;
  assert.equal(named(missing('registry/app:2'), 'registry/app:2', 'app'), 'registry/app:2');
  assert.equal(named(missing('app:latest'), 'registry/app:2', 'app'), 'app');
  assert.equal(named(missing('app:1'), 'docker.io/library/app:1', 'app'), 'docker.io/library/app:1');
  assert.equal(named(missing(digest), 'app', `web@${digest}`), `web@${digest}`);
  assert.equal(named(missing('other:1'), 'app', 'web'), undefined);
});

test('the parts of a reference', () => {
  assert.deepEqual(parseImageReference('localhost:5000/a/b:1'), {
    kind: 'name',
    repository: 'localhost:5000/a/b',
    tag: '1',
  });
  assert.deepEqual(parseImageReference(`a@${digest}`), { kind: 'name', repository: 'a', digest });
  assert.deepEqual(parseImageReference('ab12'), { kind: 'name', repository: 'ab12', tag: 'latest' });
});
