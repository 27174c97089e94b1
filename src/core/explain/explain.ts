import { hasEnded, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import type { TaskStatus } from '../../model/task.ts';

/** Something that happened to a task or its place. */
export interface Happening {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly text: string;
}

export interface ExplainFacts {
  readonly known: KnownTask;
  /** All tasks of the same slot, or of the same service on the same node. */
  readonly place: readonly KnownTask[];
  readonly nodeName: (nodeId: string) => string;
  readonly now: number;
}

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 100) / 10)} s`;

const because = ({ message, error }: TaskStatus): string => {
  const words = error ?? message;
  return words === '' ? '' : `: ${words}`;
};

const exitCode = ({ containers }: TaskStatus): string => {
  const code = containers.find(({ exitCode: found }) => found !== undefined)?.exitCode;
  return code === undefined ? '' : ` with exit code ${code}`;
};

/** One sentence on why a task is as it is. */
export const summaryOf = ({ known, nodeName, now }: ExplainFacts): string => {
  const { task, status } = known;
  if (hasEnded(known)) return ended(known, nodeName);
  if (!isWanted(task)) {
    return task.nodeId === undefined
      ? 'It is not wanted any more.'
      : `It is being stopped on ${nodeName(task.nodeId)}.`;
  }
  if (task.waitingFor !== undefined) return `It waits for ${task.waitingFor}.`;
  if (task.nodeId === undefined) return unplaced(known, now);
  const node = nodeName(task.nodeId);
  if (task.desiredState === 'ready' && status.state === 'ready') {
    return `It is prepared on ${node} and starts when the task before it has stopped.`;
  }
  if (status.state === 'running') return `It runs on ${node}${status.ready ? '' : ', but is not healthy'}.`;
  return `It is ${status.state} on ${node}${because(status)}.`;
};

const unplaced = ({ task, status }: KnownTask, now: number): string => {
  if (task.addresses === undefined) return `It has no address yet${because(status)}.`;
  if (task.notBefore !== undefined && task.notBefore > now) {
    return `It is attempt ${(task.attempt ?? 0) + 1} and is tried again in ${seconds(task.notBefore - now)}.`;
  }
  return `It has no node yet${because(status)}.`;
};

const ended = ({ task, status }: KnownTask, nodeName: ExplainFacts['nodeName']): string => {
  const where = task.nodeId === undefined ? '' : ` on ${nodeName(task.nodeId)}`;
  switch (status.state) {
    case 'complete':
      return `It completed${where}.`;
    case 'shutdown':
    case 'remove':
      return `It was stopped${where}, as it was asked to.`;
    case 'rejected':
      return `It could not be started${where}${because(status)}.`;
    case 'orphaned':
      return `Its node was lost${because(status)}.`;
    case 'failed':
      return `It failed${where}${exitCode(status)}${because(status)}.`;
    case 'new':
    case 'pending':
    case 'assigned':
    case 'accepted':
    case 'preparing':
    case 'ready':
    case 'starting':
    case 'running':
      return `It is ${status.state}${where}.`;
  }
};

/** What is known of a task and of those before it in its place, oldest first. */
export const happeningsOf = ({ known, place, nodeName }: ExplainFacts): readonly Happening[] => {
  const happenings: Happening[] = [];
  for (const other of place) {
    if (other.task.createdAt > known.task.createdAt) continue;
    const name = other.task.id === known.task.id ? 'this task' : `task ${other.task.id}`;
    const { task, status } = other;
    const how = task.predecessor === undefined ? '' : `, in place of ${task.predecessor}, by its agent`;
    happenings.push({ timestamp: task.createdAt, text: `${name} was made${how}` });
    if (status.timestamp === task.createdAt && status.message === '') continue;
    const where = task.nodeId === undefined ? '' : ` on ${nodeName(task.nodeId)}`;
    happenings.push({ timestamp: status.timestamp, text: `${name} was ${status.state}${where}${because(status)}` });
  }
  return happenings.toSorted((left, right) => left.timestamp - right.timestamp);
};
