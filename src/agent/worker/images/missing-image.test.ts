import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../../model/errors.ts';
import { missingImage } from './missing-image.ts';

const cases: readonly (readonly [said: string, remedy: RegExp])[] = [
  [
    "pull access denied for x, repository does not exist or may require 'docker login'",
    /"docker login" where you deploy/,
  ],
  ['unauthorized: authentication required', /"docker login" where you deploy/],
  ['manifest for x:1 not found: manifest unknown: manifest unknown', /the registry does not have it; push it/],
  ['Get "https://registry-1.docker.io/v2/": dial tcp: i/o timeout', /its registry does not answer; push it to one/],
];

for (const [said, remedy] of cases) {
  test(`an image that is missing has a remedy: ${said}`, () => {
    const { code, message } = missingImage('x:1', new TuttiError('not-found', said));
    assert.equal(code, 'not-found');
    assert.match(message, /^No such image: x:1: /);
    assert.match(message, remedy);
    assert.ok(message.endsWith(`(${said})`));
  });
}

test('an image that may not be pulled is to be loaded', () => {
  assert.match(missingImage('x:1', undefined).message, /^No such image: x:1: .*docker load/);
});
