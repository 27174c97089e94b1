import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authority } from '../../../test/support/tls.ts';
import { authorityDigest, createToken, sameSecret, tokenDigest } from './token.ts';

test("a token has Swarm's form and names its authority", () => {
  const token = createToken(authority.certificate);
  assert.match(token, /^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
  assert.equal(tokenDigest(token), authorityDigest(authority.certificate));
  assert.notEqual(token, createToken(authority.certificate));
});

test('what is no token is refused, without repeating it', () => {
  for (const text of ['', 'SWMTKN-1-a-b', 'secret-thing', `${createToken(authority.certificate)}x`]) {
    assert.throws(
      () => tokenDigest(text),
      (error: Error) => text === '' || !error.message.includes(text),
    );
  }
});

test('secrets are compared whole', () => {
  assert.equal(sameSecret('abc', 'abc'), true);
  assert.equal(sameSecret('abc', 'abcd'), false);
  assert.equal(sameSecret('', 'a'), false);
});
