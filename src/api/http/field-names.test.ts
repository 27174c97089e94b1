import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { withFieldNames } from './field-names.ts';

const schema = z.strictObject({
  Mode: z.strictObject({ Global: z.strictObject({}).optional() }).optional(),
  Items: z.array(z.strictObject({ ID: z.string() })).optional(),
  Labels: z.record(z.string(), z.string()).optional(),
});

test('fields are found whatever their case, at every depth', () => {
  assert.deepEqual(withFieldNames(schema, { mode: { global: {} }, ITEMS: [{ Id: 'a' }] }), {
    Mode: { Global: {} },
    Items: [{ ID: 'a' }],
  });
});

test('what is no field of the schema stays: keys of maps, unknown fields, the second of two', () => {
  for (const input of [{ Labels: { mode: 'x' } }, { Nothing: { mode: 1 } }, { Mode: {}, mode: 1 }, null, 3, [1]]) {
    assert.deepEqual(withFieldNames(schema, input), input);
  }
  assert.deepEqual(withFieldNames(schema, JSON.parse('{"__proto__": 1}')), JSON.parse('{"__proto__": 1}'));
});

test('what is named as it should be is not copied', () => {
  const input = { Mode: { Global: {} }, Items: [{ ID: 'a' }, { id: 'b' }], Labels: { mode: 'x' } };
  assert.equal(withFieldNames(schema, input.Mode), input.Mode);
  const named = withFieldNames(schema, input) as typeof input;
  assert.deepEqual(named.Items, [{ ID: 'a' }, { ID: 'b' }]);
  assert.equal(named.Mode, input.Mode);
  assert.equal(named.Items[0], input.Items[0]);
});
