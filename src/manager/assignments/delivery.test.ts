import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Assignment } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { manualClock } from '../testing/clock.ts';
import { Delivery } from './delivery.ts';
import { DoorShare } from './door.ts';
import type { Group } from './group.ts';

const nodes = ['node1', 'node2'] as const;
const networks = ['red', 'green'] as const;
const node = fc.constantFrom(...nodes);
const network = fc.constantFrom(...networks);

/** Where an item is put or removed. */
const place = fc.oneof(
  fc.record({ in: fc.constant('everyone' as const) }),
  fc.record({ in: fc.constant('door' as const) }),
  fc.record({ in: fc.constant('own' as const), of: node }),
  { weight: 3, arbitrary: fc.record({ in: fc.constant('network' as const), of: network }) },
);
const often = <Value>(arbitrary: fc.Arbitrary<Value>) => ({ weight: 4, arbitrary });
const step = fc.oneof(
  often(fc.record({ do: fc.constant('put' as const), place, id: fc.nat(1), data: fc.nat(9) })),
  fc.record({ do: fc.constant('remove' as const), place, id: fc.nat(1) }),
  often(fc.record({ do: fc.constantFrom('join' as const, 'leave' as const), node, network })),
  fc.record({ do: fc.constant('ingress' as const), network: fc.option(network, { nil: undefined }) }),
  fc.record({ do: fc.constant('door' as const), node, on: fc.boolean() }),
  fc.record({ do: fc.constant('door networks' as const), networks: fc.subarray([...networks]) }),
  fc.record({ do: fc.constant('forget' as const), node }),
  fc.record({ do: fc.constant('greet' as const), node }),
  often(fc.record({ do: fc.constant('tell' as const) })),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Place = typeof place extends fc.Arbitrary<infer Value> ? Value : never;

const view = (await createStore({ driver: memoryDriver(), clock: manualClock() })).view;

/** A delivery beside what each node that was told the whole once has by what it was told since. */
const start = () => {
  const door = new DoorShare(view);
  const delivery = new Delivery(door);
  const told = new Map<string, Map<string, Assignment>>();
  for (const id of nodes) {
    delivery.part(id);
    told.set(id, new Map());
  }
  const groupOf = (at: Place): Group => {
    switch (at.in) {
      case 'everyone':
        return delivery.everyone;
      case 'door':
        return door.group;
      case 'own':
        return delivery.part(at.of).own;
      case 'network':
        return delivery.network(at.of);
    }
  };
  /** What the node is to have, worked out anew. */
  const wanted = (nodeId: string): ReadonlyMap<string, Assignment> => {
    const part = delivery.nodes.get(nodeId);
    if (part === undefined) return new Map();
    const on = networks.filter(
      (id) => part.networks.has(id) || delivery.ingress === id || (part.door && door.networks.has(id)),
    );
    const groups = [
      part.own,
      delivery.everyone,
      ...(part.door ? [door.group] : []),
      ...on.map((id) => delivery.network(id)),
    ];
    const items = groups.flatMap(({ items }) => [...items.values()]);
    return new Map(items.map((item) => [assignmentKey(item), item]));
  };
  const tell = (): void => {
    for (const [nodeId, { put, remove }] of delivery.changes()) {
      assert.ok(put.length + remove.length > 0, `${nodeId} is told of nothing`);
      const set = told.get(nodeId);
      for (const key of remove) set?.delete(key);
      for (const item of put) set?.set(assignmentKey(item), item);
    }
    for (const [nodeId, set] of told) assert.deepEqual(set, wanted(nodeId), nodeId);
    assert.equal(delivery.changes().size, 0, 'told twice');
  };
  return { delivery, door, told, groupOf, wanted, tell };
};

/** Nothing is in two groups. */
const idOf = ({ place, id }: { readonly place: Place; readonly id: number }): string =>
  `${place.in} ${'of' in place ? place.of : ''} ${id}`;

const take = ({ delivery, door, told, groupOf, wanted, tell }: ReturnType<typeof start>, one: Step): void => {
  switch (one.do) {
    case 'put':
      return groupOf(one.place).put({ kind: 'config', id: idOf(one), name: 'name', data: `${one.data}` });
    case 'remove':
      return groupOf(one.place).remove(`config:${idOf(one)}`);
    case 'join':
      return delivery.join(one.node, one.network);
    case 'leave':
      return delivery.leave(one.node, one.network);
    case 'ingress':
      delivery.ingress = one.network;
      return;
    case 'door':
      delivery.part(one.node).door = one.on;
      return;
    case 'door networks':
      door.networks = new Set(one.networks);
      return;
    case 'forget':
      told.delete(one.node);
      return delivery.forget(one.node);
    case 'greet':
      assert.deepEqual(delivery.full(one.node), wanted(one.node));
      if (delivery.nodes.has(one.node)) told.set(one.node, new Map(wanted(one.node)));
      return;
    case 'tell':
      return tell();
  }
};

test('whatever comes between two differences: by them each node has what it is to have, and nobody hears of nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const world = start();
      for (const one of steps) take(world, one);
      world.tell();
    }),
    { numRuns: 500 },
  );
});
