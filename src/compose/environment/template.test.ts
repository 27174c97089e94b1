import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { substitute } from './template.ts';

const variables = new Map([
  ['A', 'alpha'],
  ['EMPTY', ''],
  ['B_2', 'beta'],
  ['DOLLAR', '$A'],
]);
const lookup = (name: string): string | undefined => variables.get(name);

const replaced: readonly (readonly [template: string, expected: string, unset?: readonly string[]])[] = [
  ['$A', 'alpha'],
  ['${A}', 'alpha'],
  ['x${A}y$B_2-z', 'xalphaybeta-z'],
  ['$A.b', 'alpha.b'],
  ['$$A', '$A'],
  ['$$$A', '$alpha'],
  ['$${A}', '${A}'],
  ['$NO', '', ['NO']],
  ['${NO}', '', ['NO']],
  ['${NO:-d}', 'd'],
  ['${NO-d}', 'd'],
  ['${EMPTY:-d}', 'd'],
  ['${EMPTY-d}', ''],
  ['${A:-d}', 'alpha'],
  ['${A:+yes}', 'yes'],
  ['${A+yes}', 'yes'],
  ['${EMPTY:+yes}', ''],
  ['${EMPTY+yes}', 'yes'],
  ['${NO:+yes}', ''],
  ['${NO+yes}', ''],
  ['${A:?must}', 'alpha'],
  ['${EMPTY?must}', ''],
  ['${NO:-}', ''],
  ['${NO:-${A}}', 'alpha'],
  ['${NO:-${EMPTY:-deep $A}}', 'deep alpha'],
  ['${NO:-a:b-c?d+e}', 'a:b-c?d+e'],
  ['${NO:-$$x}', '$x'],
  ['${NO:-{"a": 1}', '{"a": 1'],
  ['${A:-${NO}}', 'alpha'],
  ['${A:-${NO:?never}}', 'alpha'],
  ['${NO:+${ALSO:?never}}', ''],
  ['$DOLLAR', '$A'],
  ['', ''],
  ['no dollar', 'no dollar'],
];

for (const [template, expected, unset = []] of replaced) {
  test(`${template} becomes ${expected}`, () => {
    assert.deepEqual(substitute(template, lookup), { kind: 'text', text: expected, unset });
  });
}

const refused: readonly (readonly [template: string, reason: RegExp])[] = [
  ['${NO:?set it please}', /the variable NO must be set: set it please/],
  ['${NO?}', /the variable NO must be set$/],
  ['${EMPTY:?}', /EMPTY must be set/],
  ['${NO:?see ${A}}', /must be set: see alpha/],
  ['${A', /cannot be followed by the end/],
  ['${NO:-x', /no closing/],
  ['${}', /must begin with a letter/],
  ['${1A}', /must begin with a letter/],
  ['${A!x}', /cannot be followed by "!"/],
  ['${A:x}', /cannot be followed by ":"/],
  ['cost: 5$', /write "\$\$"/],
  ['$1', /write "\$\$"/],
  ['$-', /write "\$\$"/],
  [`${'${A:-'.repeat(40)}${'}'.repeat(40)}`, /nested deeper/],
];

for (const [template, reason] of refused) {
  test(`${template.slice(0, 30)} is refused`, () => {
    const result = substitute(template, lookup);
    assert.equal(result.kind, 'failed');
    assert.match(result.kind === 'failed' ? result.reason : '', reason);
  });
}

test('a text without a dollar sign stays as it is, and doubled dollar signs are halved', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = text.replaceAll('$', '$$$$');
      assert.deepEqual(
        substitute(escaped, () => 'never'),
        { kind: 'text', text, unset: [] },
      );
    }),
  );
});

test('whatever stands in a template, the result is a text or a reason', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('$', '{', '}', ':-', '-', '?', '+', 'A', 'NO', ' ', '$$')), (parts) => {
      const result = substitute(parts.join(''), lookup);
      assert.ok(result.kind === 'text' || result.reason.length > 0);
    }),
  );
});
