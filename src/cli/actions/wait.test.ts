import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceView } from '../../model/native.ts';
import { progressOf } from './wait.ts';
import type { Progress } from './wait.ts';

const service = (more: Partial<ServiceView>): ServiceView => ({
  id: 'id',
  name: 'web',
  mode: 'replicated',
  image: 'a',
  running: 2,
  desired: 2,
  completed: 0,
  updated: 2,
  ports: [],
  version: 1,
  ...more,
});

const cases: readonly (readonly [string, Partial<ServiceView>, boolean, Progress])[] = [
  ['everything runs', {}, true, 'done'],
  ['nothing is wanted', { running: 0, desired: 0, updated: 0 }, true, 'done'],
  ['one is missing', { running: 1, updated: 1 }, true, 'under-way'],
  ['one runs the old specification', { updated: 1 }, true, 'under-way'],
  ['the update has not ended', { update: { state: 'updating', message: '' } }, true, 'under-way'],
  ['one too many runs', { running: 3 }, true, 'under-way'],
  ['one ran to its end', { running: 1, updated: 1, completed: 1 }, true, 'done'],
  ['the update stopped', { updated: 1, update: { state: 'paused', message: '' } }, true, 'stuck'],
  ['it went back', { update: { state: 'rollback_completed', message: '' } }, true, 'stuck'],
  ['it went back long ago', { update: { state: 'rollback_completed', message: '' } }, false, 'done'],
  ['a job has completed', { mode: 'replicated-job', running: 0, updated: 0, completed: 2 }, true, 'done'],
  ['a job has not', { mode: 'replicated-job', running: 1, updated: 1, completed: 1 }, true, 'under-way'],
];

for (const [name, more, changed, expected] of cases) {
  test(`${name}: ${expected}`, () => assert.equal(progressOf(service(more), changed), expected));
}
