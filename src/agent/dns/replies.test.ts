import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReplies, rotate } from './replies.ts';

const asked = (id: number): Buffer => Buffer.from([id >> 8, id & 0xff, 1, 0, 7, 7]);

test('an answer is given again with the id of the question, until names change', () => {
  let version = 1;
  let noted = 0;
  const replies = createReplies(
    () => version,
    () => (noted += 1),
  );
  const answer = Buffer.from([0, 1, 9, 9]);
  replies.keep(asked(1), 'udp', answer);
  answer.fill(0);
  assert.deepEqual([...(replies.find(asked(0x1234), 'udp') ?? [])], [0x12, 0x34, 9, 9]);
  assert.equal(replies.find(asked(1), 'tcp'), undefined);
  assert.equal(replies.find(Buffer.from([0, 1, 1, 0, 7, 8]), 'udp'), undefined);
  assert.equal(noted, 1);
  version = 2;
  assert.equal(replies.find(asked(1), 'udp'), undefined);
  replies.keep(asked(1), 'udp', answer);
  assert.ok(replies.find(asked(1), 'udp'));
  replies.clear();
  assert.equal(replies.find(asked(1), 'udp'), undefined);
});

test('records take turns', () => {
  const replies = createReplies(
    () => 1,
    () => undefined,
  );
  replies.keep(asked(1), 'udp', Buffer.from([0, 0, 1, 1, 2, 2, 3, 3, 8]), { start: 2, size: 2, count: 3 });
  const next = (): number[] => [...(replies.find(asked(0), 'udp') ?? [])].slice(2);
  assert.deepEqual(
    [next(), next(), next(), next()],
    [
      [1, 1, 2, 2, 3, 3, 8],
      [2, 2, 3, 3, 1, 1, 8],
      [3, 3, 1, 1, 2, 2, 8],
      [1, 1, 2, 2, 3, 3, 8],
    ],
  );
  const one = Buffer.from([1, 2]);
  rotate(one, { start: 0, size: 2, count: 1 });
  assert.deepEqual([...one], [1, 2]);
});
