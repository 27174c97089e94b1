import { isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { byMerit } from './replace.ts';

/** A slot as scaling sees it: its best wanted task. */
interface Candidate {
  readonly slot: number;
  readonly best: KnownTask;
}

/**
 * Which slots to give up: first those that do not run, then those on the nodes that have most of the service, the
 * highest slot of a node first.
 */
export const slotsToRemove = (slots: ReadonlyMap<number, readonly KnownTask[]>, count: number): readonly number[] => {
  const candidates: Candidate[] = [];
  for (const [slot, tasks] of slots) {
    const best = tasks.filter(({ task }) => isWanted(task)).toSorted(byMerit)[0];
    if (best !== undefined) candidates.push({ slot, best });
  }
  const idle = candidates.filter(({ best }) => best.status.state !== 'running').toSorted((a, b) => b.slot - a.slot);
  const removed = idle.slice(0, count).map(({ slot }) => slot);
  const running = candidates.filter(({ best }) => best.status.state === 'running');
  return [...removed, ...fromFullestNodes(running, count - removed.length)];
};

const fromFullestNodes = (running: readonly Candidate[], count: number): readonly number[] => {
  const nodes = new Map<string, number[]>();
  for (const { slot, best } of running) {
    const nodeId = best.task.nodeId ?? '';
    const slots = nodes.get(nodeId);
    if (slots === undefined) nodes.set(nodeId, [slot]);
    else slots.push(slot);
  }
  const stacks = [...nodes.values()].map((slots) => slots.toSorted((a, b) => a - b));
  const removed: number[] = [];
  while (removed.length < count && stacks.length > 0) {
    const fullest = stacks.reduce((most, next) => (fuller(next, most) ? next : most));
    const slot = fullest.pop();
    if (slot === undefined) break;
    removed.push(slot);
  }
  return removed;
};

const fuller = (left: readonly number[], right: readonly number[]): boolean =>
  left.length > right.length || (left.length === right.length && (left.at(-1) ?? 0) > (right.at(-1) ?? 0));

/** The lowest `count` slot numbers, from 1, that are not taken. */
export const freeSlots = (taken: ReadonlySet<number>, count: number): readonly number[] => {
  const free: number[] = [];
  for (let slot = 1; free.length < count; slot += 1) if (!taken.has(slot)) free.push(slot);
  return free;
};
