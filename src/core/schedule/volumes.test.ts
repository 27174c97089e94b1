import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Task } from '../../model/task.ts';
import { decide } from './decide.ts';
import { aNode, aTask, counts, place } from './fixtures.ts';
import { ClusterModel } from './model.ts';

const nodes = [aNode('a'), aNode('b'), aNode('c')];

/** Tasks that mount the volumes. */
const mounting = (service: string, count: number, ...names: readonly string[]): readonly Task[] =>
  Array.from({ length: count }, (_, index) =>
    aTask(service, index + 1, {
      spec: {
        containers: [
          {
            name: 'main',
            image: 'web',
            mounts: names.map((source) => ({ type: 'volume' as const, source, target: `/${source}` })),
          },
        ],
      },
    }),
  );

describe('volumes of the cluster', () => {
  it('pin the tasks that mount them, as many as there are', () => {
    const decision = place(nodes, [...mounting('db', 3, 'data'), ...mounting('other', 3)], {
      volumes: [['data', ['b']]],
    });
    assert.deepEqual(
      decision.placements.filter(({ task }) => task.serviceId === 'db').map(({ nodeId }) => nodeId),
      ['b', 'b', 'b'],
    );
    assert.deepEqual(counts(place(nodes, mounting('db', 4, 'data'), { volumes: [['data', ['a', 'b']]] })), {
      a: 2,
      b: 2,
    });
    assert.deepEqual(counts(place(nodes, mounting('db', 3, 'unknown'))), { a: 1, b: 1, c: 1 });
  });

  it('that are promised go with the first, and the others follow', () => {
    const volumes = [
      ['data', []],
      ['logs', []],
    ] as const;
    const decision = place(nodes, [...mounting('db', 3, 'data', 'logs'), ...mounting('reader', 2, 'logs')], {
      volumes,
    });
    assert.deepEqual(counts(decision), { a: 5 });
  });

  it('keep tasks waiting while they are elsewhere, with the reason, and let them go when they are not', () => {
    const model = new ClusterModel();
    for (const { node, status } of nodes) {
      model.setNode(node.id, node);
      model.setNodeStatus(node.id, status);
    }
    model.setVolume('data', ['gone']);
    for (const task of mounting('db', 2, 'data')) model.setTask(task.id, task);
    const options = { now: 0, strategy: 'spread', random: () => 0, limit: 100 } as const;
    assert.equal(decide(model, options).refused[0]?.explanation, 'no suitable node (3 lack volume data)');
    model.setVolume('data', ['c']);
    assert.deepEqual(counts(decide(model, options)), { c: 2 });
    model.setVolume('data', undefined);
    for (const task of mounting('more', 3, 'data')) model.setTask(task.id, task);
    assert.deepEqual(counts(decide(model, options)), { a: 1, b: 1, c: 1 });
  });

  it('do not pin global services', () => {
    const tasks = ['a', 'b'].map((node, index): Task => {
      const { slot: _, ...task } = mounting('agent', 2, 'data')[index] as Task;
      return { ...task, nodeId: node as Task['nodeId'] & string };
    });
    assert.deepEqual(counts(place(nodes, tasks, { volumes: [['data', ['c']]] })), { a: 1, b: 1 });
  });
});
