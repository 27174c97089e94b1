import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../manager/testing/clock.ts';
import { createLink } from './link.ts';

/** A link whose messages take so long, and what arrived over it, with the time. */
const aLink = (takes: number) => {
  const clock = manualClock();
  const start = clock.monotonic();
  const arrived: [message: string, at: number][] = [];
  let isCut = false;
  const link = createLink<string>({
    clock,
    delay: () => takes,
    cut: () => isCut,
    deliver: (message) => arrived.push([message, clock.monotonic() - start]),
    drained: () => undefined,
  });
  const until = (at: number): void => clock.advance(start + at - clock.monotonic());
  return {
    link,
    arrived,
    until,
    cut: (from: number, to: number, meanwhile?: () => void) => {
      until(from);
      isCut = true;
      meanwhile?.();
      until(to);
      isCut = false;
    },
  };
};

test('what is lost is sent again after 0.2, 0.6, 1.4 and 3 s, and what is behind it waits', () => {
  for (const [wholeAt, at] of [
    [150, 210],
    [590, 610],
    [650, 1_410],
    [1_450, 3_010],
  ] as const) {
    const { link, arrived, until, cut } = aLink(10);
    link.send('lost');
    cut(0, wholeAt);
    link.send('behind');
    until(5_000);
    assert.deepEqual(arrived, [
      ['lost', at],
      ['behind', at],
    ]);
  }
});

test('a second cut goes on with the pause that the first one came to', () => {
  const { link, arrived, until, cut } = aLink(10);
  link.send('lost');
  cut(0, 650);
  cut(1_300, 1_500);
  until(5_000);
  assert.deepEqual(arrived, [['lost', 3_010]]);
});

test('what is under way when a cut begins is lost only if that lasts until it would arrive', () => {
  for (const [wholeAt, at] of [
    [90, 100],
    [110, 300],
  ] as const) {
    const { link, arrived, until, cut } = aLink(100);
    link.send('under way');
    cut(50, wholeAt);
    until(5_000);
    assert.deepEqual(arrived, [['under way', at]]);
  }
});

test('what is sent while the way is cut is lost, even if the way is whole when it would arrive', () => {
  const { link, arrived, until, cut } = aLink(300);
  cut(0, 100, () => link.send('lost'));
  until(5_000);
  assert.deepEqual(arrived, [['lost', 500]]);
});
