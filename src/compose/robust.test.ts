import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { stackSpec } from '../model/stack.ts';
import { toStack } from './load.ts';
import { keyTable } from './stack/keys.ts';
import { load } from './testing/memory.ts';

/** Keys of a mapping in the schema, by its path in the table of keys. */
const keysBelow = (parent: string): string[] =>
  Object.keys(keyTable).flatMap((key) => {
    const rest = key.startsWith(`${parent}.`) ? key.slice(parent.length + 1) : '';
    return rest !== '' && rest !== '*' && !rest.includes('.') ? [rest] : [];
  });

const word = fc.constantFrom(
  'a',
  'b',
  '',
  '80',
  '80:80',
  '1s',
  '64m',
  '/x',
  './x:/y',
  'K=V',
  '$A',
  '${A:-b}',
  'true',
  'x:y:z',
  '-1',
  '0440',
  '10.0.0.0/24',
  '[::1]:80:80',
  'service:a',
  'all',
);
const allKeys = [...new Set(Object.keys(keyTable).flatMap((key) => key.split('.')))].filter((key) => key !== '*');
const leaf = fc.oneof(word, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, fc.constantFrom(...allKeys)), tie('value'), { maxKeys: 3 }),
  ),
}));

const section = (parent: string) =>
  fc.dictionary(
    fc.constantFrom('a', 'b', 'default'),
    fc.dictionary(fc.constantFrom(...keysBelow(`${parent}.*`)), anything, { maxKeys: 4 }),
    { maxKeys: 2 },
  );

const file = fc.record(
  {
    services: fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc
        .dictionary(fc.constantFrom(...keysBelow('services.*')), anything, { maxKeys: 5 })
        .map((service) => ({ image: 'i', ...service })),
      { minKeys: 1, maxKeys: 2 },
    ),
    networks: section('networks'),
    volumes: section('volumes'),
    secrets: section('secrets'),
    configs: section('configs'),
  },
  { requiredKeys: ['services'] },
);

test('whatever stands in a file, it is loaded or refused with reasons, and a loaded one fits the model', async () => {
  await fc.assert(
    fc.asyncProperty(file, async (content) => {
      const result = await load(JSON.stringify(content));
      if (result.kind === 'invalid') {
        assert.ok(result.errors.length > 0);
        for (const { message } of result.errors) assert.ok(message.length > 0);
      } else assert.ok(stackSpec.safeParse(toStack(result.project).stack).success);
    }),
    { numRuns: 500 },
  );
});

test('whatever the text is, it is loaded or refused', async () => {
  const token = fc.constantFrom(
    'services',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    'a',
    '&x ',
    '*x',
    '<<',
    '{',
    '}',
    '[',
    ']',
    '!reset ',
    '!override ',
    '"',
    "'",
    '|',
    '>',
    '#',
    '---\n',
    '? ',
    'image',
    '\t',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(token, { maxLength: 40 }), async (tokens) => {
      const result = await load(tokens.join(''));
      assert.ok(result.kind === 'loaded' || result.errors.length > 0);
    }),
    { numRuns: 500 },
  );
});
