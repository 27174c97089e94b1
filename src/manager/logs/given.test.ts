import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentLogLine } from './gateway.ts';
import { Given } from './given.ts';

const second = (at: number): string => `2026-11-22T00:00:${String(at).padStart(2, '0')}.000000000Z`;
const ms = (at: number): number => Date.UTC(2026, 10, 22, 0, 0, at);
const line = (text: string, at: number, stream: AgentLogLine['stream'] = 'stdout'): AgentLogLine => ({
  stream,
  data: Buffer.from(text),
  time: second(at),
});

const givenOf = (lines: readonly AgentLogLine[], inOrder = true): Given => {
  const given = new Given(inOrder);
  for (const each of lines) given.note(each);
  return given;
};

const restOf = (given: Given, lines: readonly AgentLogLine[]): readonly string[] => {
  const rest = given.rest();
  return lines.map(rest).flatMap((each) => (each === undefined ? [] : [Buffer.from(each.data).toString()]));
};

test('wherever an answer ends, the next one gives what is left, however it is cut into pieces', () => {
  const whole = [line('a', 1), line('bcd', 2), line('efg', 2), line('h', 3)];
  const bytes = whole.flatMap(({ data, time = '' }) => [...data].map((byte) => ({ byte, time })));
  const stream = 'stdout';
  for (let told = 1; told <= bytes.length; told += 1) {
    const first = bytes.slice(0, told).map(({ byte, time }) => ({ stream, data: Buffer.of(byte), time }) as const);
    assert.equal(restOf(givenOf(first), whole).join(''), 'abcdefgh'.slice(told));
  }
});

test('after the clock of a node went back nothing is missing and nothing given twice', () => {
  const all = [
    line('10', 10),
    line('12', 12),
    line('5', 5),
    line('6', 6),
    line('7', 7),
    line('13', 13),
    line('14', 14),
  ];
  for (let told = 3; told <= all.length; told += 1) {
    const given = givenOf(all.slice(0, told));
    const since = given.since() ?? 0;
    const answer = all.filter(({ time = '' }) => Date.parse(time) >= since);
    const left = all.slice(told).map(({ data }) => Buffer.from(data).toString());
    assert.deepEqual(restOf(given, answer), left);
  }
});

test('behind the first new line all is new, also where the clock goes back there, and where the last one is gone', () => {
  const answer = [line('6', 6), line('4', 4), line('5 again', 5)];
  assert.deepEqual(restOf(givenOf([line('5', 5)]), answer), ['6', '4', '5 again']);
});

test('a clock that went back is one for both streams', () => {
  const all = [line('out', 12), line('err', 12, 'stderr'), line('err again', 3, 'stderr'), line('out again', 4)];
  const given = givenOf(all.slice(0, 3));
  assert.equal(given.since(), ms(3));
  assert.deepEqual(restOf(given, all), ['out again']);
});

test('several containers tell of one time out of order: older than the newest is taken for given', () => {
  const given = givenOf([line('one', 5), line('other', 4)], false);
  assert.equal(given.since(), ms(5));
  assert.deepEqual(
    restOf(given, [line('one', 5), line('other', 4), line('new', 7), line('late', 4), line('more', 6)]),
    ['new', 'more'],
  );
});
