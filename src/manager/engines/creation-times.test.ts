import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCreationTimes } from './creation-times.ts';

test('what comes and goes while an engine lists is forgotten; what is made meanwhile is not', () => {
  const times = createCreationTimes();
  times.note('n1', 'there', 1);
  times.note('n1', 'late', 2);
  times.note('n2', 'other', 3);
  times.listed('n1', new Set(['there']));
  assert.equal(times.get('n1', 'late'), 2);
  times.note('n1', 'gone', 4);
  times.listed('n1', new Set(['there']));
  assert.deepEqual(
    ['there', 'late', 'gone'].map((id) => times.get('n1', id)),
    [1, undefined, 4],
  );
  times.forget('n1', 'there');
  times.drop('n2');
  assert.deepEqual([times.get('n1', 'there'), times.get('n2', 'other')], [undefined, undefined]);
});
