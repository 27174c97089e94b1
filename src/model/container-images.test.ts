import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageLacking, imagesMounted, withImagesCalled } from './container-images.ts';

const mounts = [
  { type: 'volume', source: 'data' },
  { type: 'image', source: 'models:2' },
  { type: 'image', source: '' },
  { type: 'image', source: null },
  { type: 'image' },
];

test('the images that a container mounts are those that it names', () => {
  assert.deepEqual(imagesMounted({ image: 'app:1', mounts }), ['models:2']);
  assert.deepEqual(imagesMounted({ image: 'app:1' }), []);
});

test('what an engine lacks is the image that it names, by whatever name it was asked for it, else the own', () => {
  const lacking = (message: string) =>
    imageLacking({ image: 'app:1', mounts }, new Map([['models:2', 'sha256:1f']]), message);
  assert.equal(lacking('No such image: sha256:1f'), 'models:2');
  assert.equal(lacking('No such image: app:1'), 'app:1');
  assert.equal(lacking('no such image'), 'app:1');
});

test('a container has its images by the names that its engine is to know them by, and nothing else of it changes', () => {
  const mount = (type: 'image' | 'volume', source: string) => ({ type, source, target: '/data' });
  const spec = { name: 'main', image: 'app:1', mounts: [mount('image', 'models:2'), mount('volume', 'models:2')] };
  assert.deepEqual(withImagesCalled(spec, new Map([['models:2', 'sha256:1f']])), {
    ...spec,
    mounts: [mount('image', 'sha256:1f'), mount('volume', 'models:2')],
  });
  assert.deepEqual(withImagesCalled({ name: 'main', image: 'app:1' }, new Map([['app:1', 'sha256:2e']])), {
    name: 'main',
    image: 'sha256:2e',
  });
});
