import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compile } from './regexp.ts';

const test = (pattern: string, text: string): boolean => {
  const compiled = compile(pattern);
  assert.equal(compiled.kind, 'expression', `${pattern} is refused`);
  return compiled.kind === 'expression' && compiled.test(text);
};

describe('regular expressions', () => {
  it('finds a match anywhere, or where ^ and $ hold it', () => {
    assert.ok(test('node[12]', 'my-node2-x'));
    assert.ok(!test('^node[12]$', 'my-node2'));
    assert.ok(test('^node[12]$', 'node1'));
    assert.ok(test('^$', ''));
  });

  it('knows classes, escapes, groups and repetition', () => {
    assert.ok(test('node\\d+$', 'node42'));
    assert.ok(!test('^[^a-c]+$', 'xbx'));
    assert.ok(test('^(foo|ba(r|z))?$', 'baz'));
    assert.ok(test('foo\\[bar\\]', 'foo[bar]'));
    assert.ok(test('(?i)NODE', 'node'));
    assert.ok(test('foo.*[bar]+', 'foo-a'));
  });

  it('leaves the case out of account where it was asked for, and turns no class into its opposite', () => {
    assert.ok(test('(?i)^\\D+$', 'East'));
    assert.ok(!test('(?i)^\\D+$', '42'));
    assert.ok(test('(?i)^[A-C]+\\S$', 'abcx'));
    assert.ok(!test('(?i)^[^a]$', 'A'));
    assert.ok(test('(?i)^Σ$', 'σ'));
    assert.ok(!test('^node$', 'Node'));
  });

  it('says what is wrong with one that is none', () => {
    for (const pattern of ['(', ')', '[a', '*a', 'a\\', '[z-a]', '(?=a)', '\\b', '('.repeat(100)]) {
      assert.equal(compile(pattern).kind, 'invalid', pattern);
    }
  });

  it('takes no longer for those that others choke on', () => {
    const begun = process.hrtime.bigint();
    assert.ok(!test('^(a|a)*(a|aa)+$', `${'a'.repeat(4_000)}b`));
    assert.ok(!test('^(a*)*(a*)*b$', 'a'.repeat(4_000)));
    assert.ok(process.hrtime.bigint() - begun < 2_000_000_000n);
  });

  it('agrees with the language’s own', () => {
    const piece = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a|b)', '(ab|)', '^', '$', '\\d', '1');
    const times = fc.constantFrom('', '', '*', '+', '?');
    const pattern = fc
      .array(fc.tuple(piece, times), { maxLength: 5 })
      .map((parts) => parts.map(([one, many]) => one + (/[\^$]/.test(one.at(0) ?? '') ? '' : many)).join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (given, sample) => {
        assert.equal(test(given, sample), new RegExp(given).test(sample), `/${given}/ on "${sample}"`);
      }),
      { numRuns: 500 },
    );
  });
});
