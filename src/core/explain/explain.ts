import { hasEnded, isWanted } from '../task/known.ts';
import type { KnownTask, Standing } from '../task/known.ts';
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
  readonly standing: (nodeId: string) => Standing;
  /** Of a task that has a node: how many there are, and how many would take it. */
  readonly places?: { readonly nodes: number; readonly fitting: number };
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
export const summaryOf = (facts: ExplainFacts): string => {
  const { known, nodeName, now } = facts;
  const { task, status } = known;
  if (hasEnded(known)) return ended(known, nodeName);
  if (!isWanted(task)) return unwanted(facts);
  if (task.waitingFor !== undefined) return `It waits for ${task.waitingFor}.`;
  if (task.nodeId === undefined) return unplaced(facts, now);
  const node = nodeName(task.nodeId);
  if (task.desiredState === 'ready' && status.state === 'ready') {
    return `It is prepared on ${node} and starts when the task before it has stopped.`;
  }
  if (status.state === 'running') {
    return `It runs on ${node}${choiceOf(facts)}${status.ready ? '' : ', but is not healthy'}.`;
  }
  return `It is ${status.state} on ${node}${because(status)}.`;
};

const unwanted = ({ known: { task }, nodeName, standing }: ExplainFacts): string => {
  if (task.nodeId === undefined) return 'It is not wanted any more.';
  const node = nodeName(task.nodeId);
  const lost = standing(task.nodeId) === 'down';
  return lost
    ? `It was given up because ${node} is down; it is stopped when that returns.`
    : `It is being stopped on ${node}.`;
};

/** What is wrong with the node of a task that was given up, as far as that can be seen now. */
const trouble = ({ task }: KnownTask, { nodeName, standing }: ExplainFacts): string | undefined => {
  if (task.nodeId === undefined || isWanted(task)) return undefined;
  switch (standing(task.nodeId)) {
    case 'down':
      return `${nodeName(task.nodeId)} is down`;
    case 'drained':
      return `${nodeName(task.nodeId)} is drained`;
    case 'gone':
      return `${task.nodeId} was removed from the cluster`;
    case 'active':
    case 'paused':
    case 'silent':
      return undefined;
  }
};

/** Why it is on that node, as things stand. */
const choiceOf = ({ places }: ExplainFacts): string => {
  if (places === undefined || places.nodes < 2) return '';
  if (places.fitting === places.nodes) return `; every one of ${places.nodes} nodes fits it`;
  if (places.fitting <= 1) return `, the only one of ${places.nodes} nodes that fits it`;
  return `, one of the ${places.fitting} of ${places.nodes} nodes that fit it`;
};

/** How the task before this one in its place ended, where that was a failure. */
const failureBefore = ({ known, place }: ExplainFacts): string => {
  const before = place
    .filter((other) => other.task.id !== known.task.id && ['failed', 'rejected'].includes(other.status.state))
    .toSorted((left, right) => right.status.timestamp - left.status.timestamp)[0];
  return before === undefined ? '' : `; the one before it ${became[before.status.state]}${because(before.status)}`;
};

const unplaced = (facts: ExplainFacts, now: number): string => {
  const { task, status } = facts.known;
  if (task.addresses === undefined) return `It has no address yet${because(status)}.`;
  if (task.notBefore !== undefined && task.notBefore > now) {
    return `It is attempt ${(task.attempt ?? 0) + 1} and is tried again in ${seconds(task.notBefore - now)}${failureBefore(facts)}.`;
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

const became: Readonly<Record<TaskStatus['state'], string>> = {
  new: 'was new',
  pending: 'was waiting for a node',
  assigned: 'was given a place',
  accepted: 'was accepted',
  preparing: 'was being prepared',
  ready: 'was ready to start',
  starting: 'was starting',
  running: 'began to run',
  complete: 'ran to its end',
  shutdown: 'was stopped',
  failed: 'failed',
  rejected: 'was rejected',
  remove: 'was stopped',
  orphaned: 'was lost with its node',
};

/** The words of a status where they say more than its state does. */
const news = (status: TaskStatus): string =>
  status.error === undefined && (status.message === status.state || status.message === 'started')
    ? ''
    : because(status);

/** What is known of a task and of those before it in its place, oldest first. */
export const happeningsOf = (facts: ExplainFacts): readonly Happening[] => {
  const { known, place, nodeName } = facts;
  const happenings: Happening[] = [];
  for (const other of place) {
    if (other.task.createdAt > known.task.createdAt) continue;
    const name = other.task.id === known.task.id ? 'this task' : `task ${other.task.id}`;
    const { task, status } = other;
    const how = task.predecessor === undefined ? '' : `, in place of ${task.predecessor}, by its agent`;
    happenings.push({ timestamp: task.createdAt, text: `${name} was made${how}` });
    const where = task.nodeId === undefined ? '' : ` on ${nodeName(task.nodeId)}`;
    if (status.timestamp !== task.createdAt || status.message !== '') {
      happenings.push({ timestamp: status.timestamp, text: `${name} ${became[status.state]}${where}${news(status)}` });
    }
    const given = trouble(other, facts);
    if (given !== undefined) happenings.push({ timestamp: task.updatedAt, text: `${name} was given up: ${given}` });
  }
  return happenings.toSorted((left, right) => left.timestamp - right.timestamp);
};
