import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagesOfDockerfile } from './dockerfile.ts';

test('the images that a Dockerfile builds on', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['FROM debian\nRUN true', ['debian']],
    [
      '# FROM nothing\nfrom --platform=$BUILDPLATFORM base:1 AS one\nFROM one\nCOPY --from=tools:2 /a /b',
      ['base:1', 'tools:2'],
    ],
    ['FROM a AS Build\nFROM scratch\nCOPY --from=build /x /y\nCOPY --chown=1 --from=0 /x /z', ['a']],
    ['ARG TAG=1\nARG BASE="app:${TAG}"\nFROM $BASE\nFROM ${OTHER:-fallback}', ['app:1', 'fallback']],
    ['ARG TAG=1\nFROM app:${TAG}', ['app:1']],
    ['FROM \\\n  debian:12 \\\n AS x', ['debian:12']],
    ['FROM a\nARG B=c\nFROM ${B}', ['a']],
    ['nothing at all', []],
  ];
  for (const [text, images] of cases) assert.deepEqual(imagesOfDockerfile(text, {}), images, text);
  assert.deepEqual(imagesOfDockerfile('ARG TAG=1\nFROM app:${TAG}', { TAG: '2' }), ['app:2']);
});
