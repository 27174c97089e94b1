import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDotenv, parseRawEnv } from './dotenv.ts';

const outside = (name: string): string | undefined => ({ HOME: '/root', SET: 'outside' })[name];

const cases: readonly (readonly [title: string, text: string, expected: Readonly<Record<string, string>>])[] = [
  ['plain', 'A=1\nB = two words \n', { A: '1', B: 'two words' }],
  ['empty values', 'A=\nB=""\nC=\'\'', { A: '', B: '', C: '' }],
  ['comments', '# first\n  # second\nA=1 # after\nB=a#b\nC="x" # y\nD=#nothing', { A: '1', B: 'a#b', C: 'x', D: '' }],
  ['export and colon', 'export A=1\nB: 2\nexport  C: 3', { A: '1', B: '2', C: '3' }],
  ['single quotes are literal', "A='$HOME \\n # x'", { A: '$HOME \\n # x' }],
  ['double quotes have escapes', 'A="a\\nb\\t\\"c\\" \\$HOME \\\\"', { A: 'a\nb\t"c" $HOME \\' }],
  ['several lines', 'A="one\ntwo"\nB=\'three\nfour\'\nC=5', { A: 'one\ntwo', B: 'three\nfour', C: '5' }],
  ['variables from outside', 'A=$HOME/x\nB="${HOME}"\nC=${NO:-d}', { A: '/root/x', B: '/root', C: 'd' }],
  ['variables from above', 'A=1\nB=${A}2\nSET=inside\nC=$SET', { A: '1', B: '12', SET: 'inside', C: 'outside' }],
  ['a bare name is inherited', 'HOME\nNO\nA=1', { HOME: '/root', A: '1' }],
  ['later wins', 'A=1\nA=2', { A: '2' }],
  ['Windows lines and BOM', '\uFEFFA=1\r\nB="2"\r\n', { A: '1', B: '2' }],
  ['equal signs in values', 'A=b=c==\nURL=postgres://u:p@h/db?x=y', { A: 'b=c==', URL: 'postgres://u:p@h/db?x=y' }],
  ['a quote inside', 'A=it"s', { A: 'it"s' }],
];

for (const [title, text, expected] of cases) {
  test(`dotenv: ${title}`, () => {
    const { values, faults } = parseDotenv(text, outside);
    assert.deepEqual(faults, []);
    assert.deepEqual(Object.fromEntries(values), expected);
  });
}

test('faults name their lines, and the rest is read', () => {
  const { values, faults } = parseDotenv('A=1\n=2\nB="open\nC=3', outside);
  assert.deepEqual(
    faults.map(({ line }) => line),
    [2, 3],
  );
  assert.deepEqual(Object.fromEntries(values), { A: '1', C: '3' });
  assert.match(parseDotenv('A="x" y', outside).faults[0]?.message ?? '', /after the closing quote/);
  assert.match(parseDotenv('A=${NO:?why}', outside).faults[0]?.message ?? '', /NO must be set: why/);
});

test('raw files are taken as they stand', () => {
  const { values, faults } = parseRawEnv('# c\nA="$HOME" # x\nB= spaces \n\nbad');
  assert.deepEqual(Object.fromEntries(values), { A: '"$HOME" # x', B: ' spaces ' });
  assert.deepEqual(
    faults.map(({ line }) => line),
    [5],
  );
});
