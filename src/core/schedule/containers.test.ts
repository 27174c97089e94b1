import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { decide } from './decide.ts';
import { aNode, tasksOf } from './fixtures.ts';
import { ClusterModel } from './model.ts';

const aContainer = (nodeId: string, memoryBytes: number, hostPorts: readonly string[] = []): SingleContainer => ({
  id: `container-on-${nodeId}`,
  version: 1,
  createdAt: 1,
  updatedAt: 1,
  nodeId: nodeId as NodeId,
  spec: {
    name: 'db',
    image: 'db',
    request: {},
    hints: { constraints: [], affinities: [] },
    reschedule: 'off',
    reservation: { nanoCpus: 0, memoryBytes },
    hostPorts,
    volumes: [],
    dependencies: [],
  },
});

const modelOf = (names: readonly string[]): ClusterModel => {
  const model = new ClusterModel();
  for (const name of names) {
    const { node, status } = aNode(name);
    model.setNode(node.id, node);
    model.setNodeStatus(node.id, status);
  }
  return model;
};

const place = (model: ClusterModel): readonly string[] =>
  decide(model, { now: 0, strategy: 'spread', random: () => 0, limit: 100 }).placements.map(({ nodeId }) => nodeId);

describe('containers that are no task’s', () => {
  it('take memory and ports from tasks', () => {
    const model = modelOf(['a', 'b']);
    model.setContainer('container-on-a', aContainer('a', 800));
    for (const task of tasksOf('web', 2, { reserve: { memoryBytes: 300 } })) model.setTask(task.id, task);
    assert.deepEqual(place(model), ['b', 'b']);
    const ports = modelOf(['a', 'b']);
    ports.setContainer('container-on-a', aContainer('a', 0, ['tcp/80']));
    const hostPorts = [{ protocol: 'tcp' as const, target: 80, published: 80, mode: 'host' as const }];
    for (const task of tasksOf('web', 2, { hostPorts })) ports.setTask(task.id, task);
    assert.deepEqual(place(ports), ['b']);
  });

  it('take a port at their address alone', () => {
    const at = (hostAddress: string) =>
      [{ protocol: 'tcp' as const, target: 80, published: 80, mode: 'host' as const, hostAddress }] as const;
    const ports = modelOf(['a']);
    ports.setContainer('container-on-a', aContainer('a', 0, ['tcp/127.0.0.1:80']));
    for (const task of tasksOf('same', 1, { hostPorts: at('127.0.0.1') })) ports.setTask(task.id, task);
    for (const task of tasksOf('other', 1, { hostPorts: at('10.0.0.1') })) ports.setTask(task.id, task);
    assert.deepEqual(place(ports), ['a']);
  });

  it('give it back when they move or go, and what waits gets it', () => {
    const model = modelOf(['a']);
    model.setContainer('container-on-a', aContainer('a', 800));
    for (const task of tasksOf('web', 1, { reserve: { memoryBytes: 300 } })) model.setTask(task.id, task);
    assert.deepEqual(place(model), []);
    model.setContainer('container-on-a', { ...aContainer('b', 800), id: 'container-on-a' });
    assert.deepEqual(place(model), ['a']);
    model.setContainer('container-on-a', undefined);
    assert.equal(model.nodes.get('b').usedMemoryBytes, 0);
    assert.equal(model.nodes.get('b').loads, 0);
  });
});
