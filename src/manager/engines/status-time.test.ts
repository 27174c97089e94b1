import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, isTimeless, timedStatus } from './status-time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test('durations are written as engines write them', () => {
  const texts: readonly (readonly [number, string])[] = [
    [-5, 'Less than a second'],
    [999, 'Less than a second'],
    [1999, '1 second'],
    [2000, '2 seconds'],
    [59_999, '59 seconds'],
    [minute, 'About a minute'],
    [2 * minute, '2 minutes'],
    [hour - 1, '59 minutes'],
    [hour, 'About an hour'],
    [1.49 * hour, 'About an hour'],
    [1.5 * hour, '2 hours'],
    [47.4 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13.9 * day, '13 days'],
    [14 * day, '2 weeks'],
    [60 * day, '2 months'],
    [729 * day, '24 months'],
    [730 * day, '2 years'],
    [1200 * day, '3 years'],
  ];
  for (const [ms, text] of texts) assert.equal(durationText(ms), text, `${ms} ms`);
});

test('a status is taken apart around its time', () => {
  const again = (status: string, ms: number): string | undefined => {
    const timed = timedStatus(status);
    return timed && `${timed.from}: ${timed.before}${durationText(ms)}${timed.after}`;
  };
  assert.equal(again('Up Less than a second', minute), 'started: Up About a minute');
  assert.equal(again('Up About an hour (healthy)', 2 * hour), 'started: Up 2 hours (healthy)');
  assert.equal(again('Up 3 minutes (health: starting)', 0), 'started: Up Less than a second (health: starting)');
  assert.equal(again('Up 2 weeks (Paused)', 15 * day), 'started: Up 2 weeks (Paused)');
  assert.equal(again('Exited (137) 59 seconds ago', hour), 'finished: Exited (137) About an hour ago');
  assert.equal(again('Restarting (1) 1 second ago', 4000), 'finished: Restarting (1) 4 seconds ago');
  for (const other of ['', 'Up', 'Created', 'Dead', 'Up for ages', 'Initialized']) {
    assert.equal(timedStatus(other), undefined, other);
  }
  assert.deepEqual(['Created', 'Dead', 'Removal In Progress', 'Up', ''].map(isTimeless), [
    true,
    true,
    true,
    false,
    false,
  ]);
});
