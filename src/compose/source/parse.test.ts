import assert from 'node:assert/strict';
import test from 'node:test';
import { child, nodeAt, plain } from './node.ts';
import { parseLimits, parseYaml } from './parse.ts';
import { formatProblem } from './problem.ts';

function read(text: string) {
  const { roots, problems } = parseYaml(text, 'f.yaml');
  return { values: roots.map(plain), roots, problems: problems.map(formatProblem) };
}

const values: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  ['octal modes', 'a: 0440\nb: 0x10\nc: 0o17', { a: 0o440, b: 16, c: 0o17 }],
  ['words that YAML 1.1 took for booleans', 'a: yes\nb: off\nc: true', { a: 'yes', b: 'off', c: true }],
  ['sexagesimal numbers are texts', 'a: 22:22\nb: [3306:3306]', { a: '22:22', b: ['3306:3306'] }],
  ['nothing', 'a:\nb: ~\nc: null', { a: null, b: null, c: null }],
  ['numbers beyond a double', 'a: 12345678901234567890', { a: '12345678901234567890' }],
  ['keys that are no texts', '80: a\ntrue: b', { 80: 'a', true: 'b' }],
  ['anchors', 'x: &x {a: 1}\ny: *x', { x: { a: 1 }, y: { a: 1 } }],
  ['merge', 'x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}', { x: { a: 1, b: 2 }, y: { a: 1, b: 3 } }],
  [
    'merge a list, the first wins',
    'x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}',
    { x: { a: 1 }, y: { a: 2, b: 2 }, z: { a: 1, b: 2 } },
  ],
  ['own keys before the merge win too', 'x: &x {a: 1}\ny: {a: 2, <<: *x}', { x: { a: 1 }, y: { a: 2 } }],
  ['a quoted << is a key', 'y: {"<<": 1}', { y: { '<<': 1 } }],
  ['explicit types', 'a: !!str 3', { a: '3' }],
  ['dates are texts', 'a: 2024-01-01', { a: '2024-01-01' }],
];
for (const [title, text, expected] of values) {
  test(`YAML: ${title}`, () => {
    const { values: found, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(found, [expected]);
  });
}

test('nodes know their places, also through aliases', () => {
  const { roots } = read('x: &x\n  a: 1\ny:\n  - *x\n');
  const root = roots[0];
  assert.ok(root);
  assert.deepEqual(nodeAt(root, ['y', 0, 'a']).at, { file: 'f.yaml', line: 2, column: 6 });
  assert.deepEqual(root.entries.get('y')?.keyAt, { file: 'f.yaml', line: 3, column: 1 });
});

test('merge tags', () => {
  const { roots } = read('a: !reset null\nb: !override [1]\nc: !reset {x: 1}');
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => child(roots[0], key)?.tag),
    ['reset', 'override', 'reset'],
  );
});

test('several documents', () => assert.deepEqual(read('a: 1\n---\nb: 2\n').values, [{ a: 1 }, { b: 2 }]));
test('nothing at all', () => assert.deepEqual(read('# only a comment\n'), { values: [], roots: [], problems: [] }));

const bomb = Array.from({ length: 9 }, (_, level) =>
  level === 0
    ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
    : `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
).join('\n');

const faults: readonly (readonly [title: string, text: string, expected: RegExp])[] = [
  ['broken indentation', 'a:\n  b: 1\n c: 2', /^f\.yaml:3:/],
  ['the same key twice', 'a: 1\na: 2', /^f\.yaml:2:1: .*unique/],
  ['an alias without anchor', 'a: *nope', /^f\.yaml:1:4: .*(alias|anchor)/i],
  ['an alias inside its anchor', 'a: &a [*a]', /^f\.yaml:1/],
  ['a list', '- a', /must be a mapping/],
  ['a text', 'hello', /must be a mapping/],
  ['an unknown tag', 'a: !secret x', /unknown tag !secret; Compose knows !reset and !override/],
  ['a merge of a text', 'a: {<<: x}', /<< takes a mapping/],
  ['a mapping as key', '? {a: 1}\n: 2', /plain word/],
  ['an expansion without end', bomb, /more than 200000 values/],
  ['a nesting without end', `a: ${'['.repeat(80)}${']'.repeat(80)}`, /nested deeper/],
];
for (const [title, text, expected] of faults) {
  test(`YAML is refused: ${title}`, () => assert.match(read(text).problems[0] ?? '', expected));
}

test('a file that is too long is not parsed', () => {
  assert.match(read('#'.repeat(parseLimits.characters + 1)).problems[0] ?? '', /at most/);
});
