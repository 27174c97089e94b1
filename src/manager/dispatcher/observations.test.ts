import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nodeId, serviceId, taskId } from '../../model/ids.ts';
import { isTerminal, movesForward, taskStates } from '../../model/task.ts';
import type { Task, TaskObservation, TaskStatus } from '../../model/task.ts';
import { changedStatuses, nextStatus, untoldBy, type ObservedView } from './observations.ts';

const nodeA = nodeId.parse('node-a');
const nodeB = nodeId.parse('node-b');

const seen = (id: string, changes: Partial<TaskObservation> = {}): TaskObservation => ({
  taskId: taskId.parse(id),
  state: 'running',
  timestamp: 5,
  message: '',
  ready: true,
  containers: [],
  ...changes,
});

const row = (id: string, changes: Partial<Task> = {}): Task => ({
  id: taskId.parse(id),
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  serviceId: serviceId.parse('service'),
  serviceName: 'web',
  spec: { containers: [] },
  specVersion: 1,
  desiredState: 'running',
  nodeId: nodeA,
  ...changes,
});

const viewOf = (tasks: readonly Task[], statuses: readonly TaskStatus[] = []): ObservedView => {
  const tables: Record<string, Map<string, unknown>> = {
    task: new Map(tasks.map((task) => [task.id, task])),
    taskStatus: new Map(statuses.map((status) => [status.taskId, status])),
  };
  return {
    get: (table, id) => tables[table]?.get(id) as never,
    find: (_table, _index, key) => statuses.filter((status) => status.nodeId === key) as never,
  };
};

const ids = (statuses: readonly TaskStatus[]) => statuses.map((status) => status.taskId);

describe('who may speak of a task', () => {
  test('the node that it is assigned to, and no other', () => {
    const view = viewOf([row('t1'), row('t2', { nodeId: nodeB })]);
    assert.deepEqual(ids(changedStatuses(view, nodeA, [seen('t1'), seen('t2'), seen('t3')])), ['t1']);
  });

  test('the node that started it in the place of one of its own, in whatever order it is told', () => {
    const view = viewOf([row('t1')]);
    const told = [
      seen('t3'),
      seen('t2', { successor: taskId.parse('t3') }),
      seen('t1', { successor: taskId.parse('t2') }),
    ];
    assert.deepEqual(ids(changedStatuses(view, nodeA, told)).toSorted(), ['t1', 't2', 't3']);
    assert.deepEqual(ids(changedStatuses(view, nodeB, told)), []);
  });

  test('a successor that was named earlier', () => {
    const view = viewOf([row('t1')], [{ ...seen('t1', { successor: taskId.parse('t2') }), nodeId: nodeA }]);
    assert.deepEqual(ids(changedStatuses(view, nodeA, [seen('t2')])), ['t2']);
  });

  test('nobody takes a task of another node by calling it a successor', () => {
    const view = viewOf([row('t1'), row('t2', { nodeId: nodeB })]);
    const told = [seen('t1', { successor: taskId.parse('t2') }), seen('t2', { state: 'failed' })];
    assert.deepEqual(ids(changedStatuses(view, nodeA, told)), ['t1']);
  });
});

describe('what follows from an observation', () => {
  const before = { ...seen('t1'), nodeId: nodeA };

  test('nothing new is nothing', () => {
    assert.equal(nextStatus(before, seen('t1', { timestamp: 99 }), nodeA), before);
    const view = viewOf([row('t1')], [before]);
    assert.deepEqual(changedStatuses(view, nodeA, [seen('t1')]), []);
  });

  test('health and readiness change within a state', () => {
    assert.equal(nextStatus(before, seen('t1', { ready: false }), nodeA).ready, false);
  });

  test('a state that is earlier again takes the traffic away, no more', () => {
    const next = nextStatus(before, seen('t1', { state: 'starting', ready: false }), nodeA);
    assert.deepEqual(next, { ...before, ready: false });
  });

  test('after the end only the successor may still become known', () => {
    const ended = nextStatus(before, seen('t1', { state: 'failed', ready: false }), nodeA);
    assert.equal(nextStatus(ended, seen('t1', { state: 'running' }), nodeA), ended);
    const late = nextStatus(ended, seen('t1', { state: 'failed', successor: taskId.parse('t2') }), nodeA);
    assert.equal(late.successor, 't2');
    assert.equal(late.state, 'failed');
  });

  test('a task whose end is durable does not come back', () => {
    const finalStatus = { ...seen('t1', { state: 'shutdown', ready: false }), nodeId: nodeA };
    assert.deepEqual(changedStatuses(viewOf([row('t1', { finalStatus })]), nodeA, [seen('t1')]), []);
  });

  test('whatever is told, states only move forward', () => {
    const anyObservation = fc.record({ state: fc.constantFrom(...taskStates), ready: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyObservation, { maxLength: 20 }), (told) => {
        let status: TaskStatus | undefined;
        for (const one of told) {
          const next = nextStatus(status, seen('t1', one), nodeA);
          if (status !== undefined && next.state !== status.state) assert.ok(movesForward(status.state, next.state));
          if (status !== undefined && isTerminal(status.state)) assert.ok(isTerminal(next.state));
          status = next;
        }
      }),
    );
  });
});

describe('what a node leaves out when it tells everything', () => {
  const known = (id: string, changes: Partial<TaskStatus> = {}): TaskStatus => ({
    ...seen(id),
    nodeId: nodeA,
    ...changes,
  });

  test('is gone where it has no row and was live; with a row it gets no traffic until it is spoken of', () => {
    const view = viewOf([row('t1'), row('t2')], [known('t1'), known('t2'), known('t3'), known('t4')]);
    const { gone, withdrawn } = untoldBy(view, nodeA, [seen('t1'), seen('t4')]);
    assert.deepEqual(gone, ['t3']);
    assert.deepEqual(withdrawn, [known('t2', { ready: false })]);
  });
  test('keeps its end, and what other nodes told is theirs', () => {
    const view = viewOf([], [known('t1', { state: 'failed' }), known('t2', { nodeId: nodeB })]);
    assert.deepEqual(untoldBy(view, nodeA, []), { gone: [], withdrawn: [] });
  });
});
