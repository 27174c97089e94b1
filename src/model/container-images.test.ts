import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageLacking, imagesMounted } from './container-images.ts';

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
