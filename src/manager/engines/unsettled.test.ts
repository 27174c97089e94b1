import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '../manager.ts';
import { manualClock } from '../testing/clock.ts';
import { createUnsettled } from './unsettled.ts';

const ofContainer = (Action: string, ID = 'c'): EngineEvent['event'] => ({ Type: 'container', Action, Actor: { ID } });
const ofNetwork = (Action: string, container = 'c'): EngineEvent['event'] => ({
  Type: 'network',
  Action,
  Actor: { ID: 'n', Attributes: { container } },
});

const start = () => {
  const clock = manualClock();
  const again: string[] = [];
  return { clock, again, unsettled: createUnsettled(clock, (id) => again.push(id)) };
};

test('what an engine tells too early is in doubt for a while, and asked about once more', () => {
  const { clock, again, unsettled } = start();
  unsettled.told(ofContainer('rename'));
  unsettled.told(ofContainer('exec_start: sh', 'e'));
  unsettled.told(ofContainer('health_status: healthy', 'h'));
  unsettled.seen({ Id: 'c', State: 'exited' });
  assert.deepEqual(unsettled.ids(), ['c', 'h']);
  clock.advance(3_000);
  assert.deepEqual([unsettled.ids(), again], [[], ['c', 'h']]);
});

test('an end is in doubt until it is listed, with the networks that it leaves', () => {
  const { clock, again, unsettled } = start();
  unsettled.told(ofContainer('die'));
  unsettled.told(ofNetwork('disconnect'));
  unsettled.seen({ Id: 'c', State: 'running' });
  clock.advance(9_000);
  assert.deepEqual(unsettled.ids(), ['c']);
  unsettled.seen({ Id: 'c', State: 'exited' });
  assert.deepEqual(unsettled.ids(), []);
  clock.advance(10_000);
  assert.deepEqual(again, []);
  unsettled.told(ofContainer('die'));
  unsettled.told(ofContainer('rename'));
  unsettled.seen({ Id: 'c', State: 'exited' });
  assert.deepEqual(unsettled.ids(), ['c'], 'its name still is');
});

test('a start says that all before it is written down', () => {
  const { clock, again, unsettled } = start();
  unsettled.told(ofNetwork('connect'));
  assert.deepEqual(unsettled.ids(), ['c']);
  unsettled.told(ofContainer('start'));
  assert.deepEqual(unsettled.ids(), []);
  unsettled.told(ofContainer('stop'));
  unsettled[Symbol.dispose]();
  clock.advance(60_000);
  assert.deepEqual([unsettled.ids(), again], [[], []]);
});
