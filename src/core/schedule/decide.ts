import type { NodeId } from '../../model/ids.ts';
import type { TaskGroup } from './group.ts';
import { promisedOf } from './model.ts';
import type { ClusterModel } from './model.ts';
import type { NodeInfo } from './node-info.ts';
import { decidePinned } from './pinned.ts';
import { explainRefusals } from './refusal.ts';
import type { Decision, Placement, Refused } from './decision.ts';
import { pickerFor } from './strategies/strategy.ts';
import type { Strategy } from './strategies/strategy.ts';
import { Verdicts } from './verdicts.ts';

export interface DecideOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly strategy: Strategy;
  /** Numbers in [0, 1); the random strategy draws from it. */
  readonly random: () => number;
  /** At most about so many placements. */
  readonly limit: number;
}

/**
 * Places what can be placed, and says why the rest waits. The model takes the placements as done: tell it the rows as
 * they are after the commit, above all where it failed.
 */
export const decide = (model: ClusterModel, options: DecideOptions): Decision => {
  const placements: Placement[] = [];
  const refused: Refused[] = [];
  model.admit(options.now);
  decidePinned(model, placements, refused);
  lookAgain(model, refused);
  for (const group of model.groups.dirty) {
    if (placements.length >= options.limit) break;
    model.groups.dirty.delete(group);
    placeGroup(model, group, options, placements);
    const news = newsOf(group);
    if (news !== undefined) refused.push(news);
  }
  return { placements, refused, more: model.groups.dirty.size > 0 };
};

/** Asks the nodes that changed again for the groups that wait: one that fits now wakes the group. */
const lookAgain = (model: ClusterModel, refused: Refused[]): void => {
  const { nodes, groups, touched } = model;
  if (touched.size === 0) return;
  for (const group of groups.stuck) {
    const { verdicts } = group;
    if (verdicts === undefined) continue;
    for (const node of touched) {
      if (nodes.present.has(node)) verdicts.look(node);
      else verdicts.forget(node);
    }
    if (verdicts.open.size > 0) groups.dirty.add(group);
    if (groups.dirty.has(group)) continue;
    const news = newsOf(group);
    if (news !== undefined) refused.push(news);
  }
  touched.clear();
};

const placeGroup = (model: ClusterModel, group: TaskGroup, options: DecideOptions, placements: Placement[]): void => {
  const candidates = candidatesOf(model, group);
  if (candidates.length === 0) {
    settle(model, group);
    return;
  }
  // The first who mounts a promised volume takes it with him: the others are asked where they fit then.
  const alone = promisedOf(model, group).length > 0;
  const before = placements.length;
  const isOver = (): boolean => placements.length >= (alone ? Math.min(before + 1, options.limit) : options.limit);
  const picker = pickerFor({ ...options, group, nodes: model.nodes.present, candidates });
  group.queue.walk((entry) => {
    const node = isOver() ? undefined : picker.peek();
    if (node === undefined) return false;
    const load = group.loadOn(node);
    placements.push({ task: entry.task, nodeId: node.id as NodeId, genericResources: load.generic });
    model.assume(entry, node, load);
    const stillFits = group.room(node) === undefined;
    if (!stillFits) group.verdicts?.look(node);
    picker.settle(stillFits);
    return true;
  });
  if (group.queue.size > 0 && picker.peek() !== undefined) model.groups.dirty.add(group);
  else settle(model, group);
};

/** The nodes that would take a task of the group. While it waits they are known; otherwise each is asked. */
const candidatesOf = (model: ClusterModel, group: TaskGroup): NodeInfo[] => {
  const { verdicts, check } = group;
  if (verdicts !== undefined) return [...verdicts.open].filter((node) => verdicts.look(node));
  const candidates: NodeInfo[] = [];
  for (const node of model.nodes.present) if (check(node) === undefined) candidates.push(node);
  return candidates;
};

/** Remembers what every node answered while tasks are left over, and forgets it when none is. */
const settle = (model: ClusterModel, group: TaskGroup): void => {
  if (group.queue.size === 0) {
    group.rest();
    model.groups.stuck.delete(group);
    return;
  }
  group.verdicts ??= new Verdicts(group.check, model.nodes.present);
  model.groups.stuck.add(group);
};

/** What is to be said of the group's pending tasks that was not said yet. */
const newsOf = (group: TaskGroup): Refused | undefined => {
  if (group.verdicts === undefined || group.queue.size === 0) return undefined;
  const refusals = group.verdicts.refusals();
  const explanation = explainRefusals(refusals);
  const tasks = group.queue.tell(explanation !== group.explanation);
  group.explanation = explanation;
  return tasks.length === 0 ? undefined : { tasks, refusals, explanation };
};
