import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagePath } from './holders.ts';

test('a reference stays within the path of images', () => {
  assert.equal(imagePath('localhost:5000/team/web:1'), '/images/localhost:5000/team/web:1');
  assert.equal(imagePath('sha256:ab'), '/images/sha256:ab');
  assert.equal(imagePath('a?b#c%'), '/images/a%3Fb%23c%25');
  for (const odd of ['', '..', '../containers/x', 'a/../../b', 'a/./b', 'a//b', '/a', 'a/', 'a b', 'a\r\nb']) {
    assert.throws(() => imagePath(odd), /invalid reference format/, odd);
  }
});
