import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJson } from './body.ts';
import type { ApiRequest } from './request.ts';

const read = async (text: string): Promise<unknown> =>
  await readJson(
    {
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    } as unknown as ApiRequest,
    1000,
  );

test('nulls are left out of a document at any depth, and nothing else', async () => {
  assert.deepEqual(
    await read('{"a":null,"b":[null,0,[null],{"c":null,"d":[1,null,{"e":{"f":null}}]}],"g":{"h":""},"i":false}'),
    { b: [0, [], { d: [1, { e: {} }] }], g: { h: '' }, i: false },
  );
  assert.deepEqual(await read('[[],{},[{"a":[{"b":null}]}]]'), [[], {}, [{ a: [{}] }]]);
  assert.equal(await read('null'), null);
});
