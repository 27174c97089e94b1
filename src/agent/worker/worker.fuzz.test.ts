import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignedTask, fakeNode } from '../../../test/fakes/engine/node.ts';
import type { FakeNode } from '../../../test/fakes/engine/node.ts';
import type { AssignedTask } from '../../model/assignment.ts';
import { isTerminal, movesForward } from '../../model/task.ts';
import type { TaskState } from '../../model/task.ts';

/** What can befall a node. `pick` chooses among what there is. */
type Blow =
  | { readonly kind: 'assign'; readonly slot: number }
  | { readonly kind: 'retire'; readonly pick: number; readonly how: 'shutdown' | 'remove' | 'gone' }
  | { readonly kind: 'follow' }
  | { readonly kind: 'exit'; readonly pick: number; readonly code: number }
  | { readonly kind: 'unhealthy'; readonly pick: number }
  | { readonly kind: 'delete'; readonly pick: number }
  | { readonly kind: 'hang' | 'resume' | 'off' | 'on' | 'kill' | 'deaf' | 'full' | 'room' };
type Step = Blow & { readonly passMs: number };

const pick = fc.nat(1000);
const blow: fc.Arbitrary<Blow> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('assign' as const), slot: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('retire' as const),
      pick,
      how: fc.constantFrom('shutdown' as const, 'remove' as const, 'gone' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('follow' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('exit' as const), pick, code: fc.constantFrom(0, 1, 137) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unhealthy' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('hang' as const, 'resume', 'off', 'on', 'kill', 'deaf', 'full', 'room'),
    }),
  },
);
const step: fc.Arbitrary<Step> = fc
  .tuple(blow, fc.oneof(fc.nat(200), fc.nat(40_000)))
  .map(([what, passMs]) => ({ ...what, passMs }));

/** A manager in a few lines: it has one row per slot, and makes rows of the successors that it hears of. */
class Desk {
  readonly node: FakeNode;
  rows: AssignedTask[] = [];
  #count = 0;

  constructor(node: FakeNode) {
    this.node = node;
  }

  assign(slot: number): void {
    const replaced = this.rows.map((row) => (row.slot === slot ? { ...row, desiredState: 'shutdown' as const } : row));
    const addresses = [{ networkId: 'net' as never, address: `10.0.${slot}.${(this.#count += 1)}` }];
    this.#send([
      ...replaced,
      assignedTask(`t${this.#count}`, { slot, addresses, container: { healthcheck: { test: ['CMD', 'true'] } } }),
    ]);
  }

  retire(at: number, how: 'shutdown' | 'remove' | 'gone'): void {
    const row = this.rows[at % Math.max(1, this.rows.length)];
    if (row === undefined) return;
    if (how === 'gone') this.#send(this.rows.filter((other) => other !== row));
    else this.#send(this.rows.map((other) => (other === row ? { ...row, desiredState: how } : other)));
  }

  /** Hears what has happened and makes rows of it. */
  follow(): void {
    let { rows } = this;
    for (const { taskId, successor } of this.node.worker().observations()) {
      const row = rows.find(({ id }) => id === taskId);
      if (row === undefined || successor === undefined || row.desiredState !== 'running') continue;
      if (rows.some(({ id }) => id === successor)) continue;
      rows = [
        ...rows.map((other) => (other === row ? { ...row, desiredState: 'shutdown' as const } : other)),
        { ...row, id: successor },
      ];
    }
    this.#send(rows);
  }

  #send(rows: AssignedTask[]): void {
    this.rows = rows;
    this.node.assign(...rows);
  }
}

async function strike(desk: Desk, { node } = desk, what: Blow): Promise<void> {
  const containers = [...node.engine.containers.values()];
  const chosen = 'pick' in what ? containers[what.pick % Math.max(1, containers.length)] : undefined;
  switch (what.kind) {
    case 'assign':
      return desk.assign(what.slot);
    case 'retire':
      return desk.retire(what.pick, what.how);
    case 'follow':
      return desk.follow();
    case 'exit':
      return chosen && node.engine.exit(chosen.id, what.code);
    case 'unhealthy':
      return chosen && node.engine.setHealth(chosen.id, 'unhealthy');
    case 'delete':
      return void node.engine.removeContainer(chosen?.id ?? '').catch(() => undefined);
    case 'hang':
      return node.engine.hang();
    case 'resume':
      return node.engine.resume();
    case 'off':
      return node.engine.powerOff();
    case 'on':
      return node.engine.powerOn();
    case 'kill':
      return node.restartAgent();
    case 'deaf':
      return node.engine.breakEvents();
    case 'full':
      return node.engine.setDiskFull(true);
    case 'room':
      return node.engine.setDiskFull(false);
  }
}

function checkHistory(node: FakeNode): void {
  const states = new Map<string, TaskState>();
  for (const { taskId, state } of node.told) {
    const before = states.get(taskId);
    assert.ok(
      before === undefined || before === state || movesForward(before, state),
      `${taskId}: ${before} → ${state}`,
    );
    states.set(taskId, state);
  }
}

/** Of the node of the tests. */
const historyLimit = 5;

/** What must hold when everything has been well for a while. */
function checkSettled(desk: Desk): void {
  const { node } = desk;
  const containers = [...node.engine.containers.values()];
  const slots = new Set(desk.rows.map(({ slot }) => slot));
  for (const slot of slots) {
    const inSlot = containers.filter(({ body }) => body.Labels?.['tutti.slot'] === String(slot));
    const running = inSlot.filter(({ state }) => state === 'running');
    const wanted = desk.rows.filter((row) => row.slot === slot && row.desiredState === 'running');
    const alive = wanted.filter(({ id }) => !isEnded(node, id));
    assert.equal(running.length, alive.length, `slot ${slot}: as many run as are wanted`);
    assert.ok(inSlot.length - running.length <= historyLimit, `slot ${slot}: ended containers beyond the limit`);
  }
  const strays = containers.filter(({ body }) => !slots.has(Number(body.Labels?.['tutti.slot'])));
  assert.deepEqual(
    strays.map(({ name }) => name),
    [],
    'nothing is left of what left the set',
  );
}

/** True where the lineage of a task has come to an end that the agent does not go on from. */
function isEnded(node: FakeNode, taskId: string): boolean {
  let observation = node.state(taskId);
  while (observation?.successor !== undefined) observation = node.state(observation.successor);
  return observation !== undefined && isTerminal(observation.state);
}

test('whatever befalls a node, it comes to what is wanted and nothing else', async () => {
  const runs = Number(process.env['FUZZ_RUNS'] ?? 150);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const node = fakeNode();
      const desk = new Desk(node);
      node.assign();
      for (const { passMs, ...what } of steps) {
        await strike(desk, undefined, what as Blow);
        await node.pass(passMs);
        checkHistory(node);
      }
      node.engine.resume();
      node.engine.powerOn();
      node.engine.setDiskFull(false);
      await node.pass(200_000);
      desk.follow();
      await node.pass(200_000);
      checkHistory(node);
      checkSettled(desk);
    }),
    { numRuns: runs, endOnFailure: false },
  );
});
