import assert from 'node:assert/strict';
import test from 'node:test';
import composeSchema from '../../../third_party/compose-spec.json' with { type: 'json' };
import { treatmentOf } from './coverage.ts';
import { keyTable } from './keys.ts';

interface Schema {
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const definitions = composeSchema.definitions as unknown as Readonly<Record<string, Schema>>;

/** Every key that the schema allows, by its path; nothing below `stop`. */
function schemaKeys(stop: (path: readonly string[]) => boolean): Set<string> {
  const found = new Set<string>();
  const visit = (schema: Schema, path: readonly string[]): void => {
    if (path.length > 0) found.add(path.join('.'));
    if (path.length > 0 && stop(path)) return;
    const target = schema.$ref === undefined ? schema : definitions[schema.$ref.split('/').at(-1) ?? ''];
    assert.ok(target, `the schema has no ${schema.$ref}`);
    if (target !== schema) return visit(target, path);
    for (const one of schema.oneOf ?? []) visit(one, path);
    for (const [key, inner] of Object.entries(schema.properties ?? {})) visit(inner, [...path, key]);
    for (const [key, inner] of Object.entries(schema.patternProperties ?? {}))
      if (key !== '^x-') visit(inner, [...path, '*']);
    if (schema.items !== undefined) visit(schema.items, [...path, '*']);
  };
  visit(composeSchema as unknown as Schema, []);
  return found;
}

const isIgnored = (path: readonly string[]): boolean => typeof treatmentOf(path) === 'object';

test('every key of the schema is either acted on or ignored with a warning', () => {
  const missing = [...schemaKeys(isIgnored)].filter((key) => treatmentOf(key.split('.')) === undefined);
  assert.deepEqual(missing, []);
});

test('the table has no key that the schema does not have', () => {
  const keys = schemaKeys(() => false);
  assert.deepEqual(
    Object.keys(keyTable).filter((key) => !keys.has(key)),
    [],
  );
});
