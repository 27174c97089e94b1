import type { Node, NodeStatus } from '../../model/node.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { ClusterModel } from './model.ts';
import type { Refusal } from './refusal.ts';
import type { Strategy } from './strategies/strategy.ts';
import { Verdicts } from './verdicts.ts';

/** A snapshot of the cluster. */
export interface ScheduleInput {
  readonly nodes: Iterable<{ readonly node: Node; readonly status?: NodeStatus | undefined }>;
  readonly tasks: Iterable<{ readonly task: Task; readonly status?: TaskStatus | undefined }>;
  /** Volumes of the cluster, and the nodes that have each. Absent: there are none. */
  readonly volumes?: Iterable<readonly [name: string, nodeIds: readonly string[]]>;
  readonly strategy: Strategy;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Numbers in [0, 1), from a seed. */
  readonly random: () => number;
}

/** Places every task of the snapshot that can be placed, from nothing. The manager's loop keeps a model instead. */
export const schedule = (input: ScheduleInput): Decision =>
  decide(modelOf(input), { ...input, limit: Number.POSITIVE_INFINITY });

/**
 * Why nodes refuse a task, as things stand: every node is asked, whatever is placed next. Empty when some node would
 * take it.
 */
export const refusalsFor = (input: Omit<ScheduleInput, 'random' | 'strategy'>, task: Task): readonly Refusal[] => {
  const model = modelOf(input);
  model.setTask(task.id, undefined);
  const group = model.groups.join(task);
  const nodes = [...model.nodes.present].filter(({ id }) => task.nodeId === undefined || id === task.nodeId);
  const verdicts = new Verdicts(group.check, nodes);
  return verdicts.open.size > 0 ? [] : verdicts.refusals();
};

/** How a task's node came to be chosen: how many nodes would take it, its own too, and why the others refuse it. */
export interface Places {
  readonly nodes: number;
  readonly fitting: number;
  readonly refusals: readonly Refusal[];
}

/** Asks every node about a task that has a place, as if it had none. */
export const placesFor = (input: Omit<ScheduleInput, 'random' | 'strategy'>, placed: Task): Places => {
  const model = modelOf(input);
  model.setTask(placed.id, undefined);
  const { nodeId: _, ...task } = placed;
  const nodes = [...model.nodes.present];
  const verdicts = new Verdicts(model.groups.join(task).check, nodes);
  return { nodes: nodes.length, fitting: verdicts.open.size, refusals: verdicts.refusals() };
};

const modelOf = (input: Omit<ScheduleInput, 'random' | 'strategy'>): ClusterModel => {
  const model = new ClusterModel();
  for (const [name, nodeIds] of input.volumes ?? []) model.setVolume(name, nodeIds);
  for (const { node, status } of input.nodes) {
    model.setNode(node.id, node);
    model.setNodeStatus(node.id, status);
  }
  for (const { task, status } of input.tasks) {
    model.setTaskStatus(task.id, status, task, input.now);
    model.setTask(task.id, task);
  }
  return model;
};
