import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFindings } from './findings.ts';

test('findings are bounded, and what fails again and again is one', () => {
  let now = 0;
  const findings = createFindings({ now: () => (now += 1) });
  for (let i = 0; i < 10; i += 1) findings.note('network', ['no ip'], false);
  assert.equal(findings.list().length, 1);
  assert.equal(findings.list()[0]?.at, 10);
  findings.note('rules', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], true);
  const last = findings.list().at(-1);
  assert.equal(last?.count, 7);
  assert.equal(last?.details.length, 5);
  for (let i = 0; i < 100; i += 1) findings.note('rules', [String(i)], true);
  assert.equal(findings.list().length, 64);
  assert.deepEqual(findings.list().at(-1)?.details, ['99']);
});
