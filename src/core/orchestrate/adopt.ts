import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import type { TaskId } from '../../model/ids.ts';
import type { Draft } from '../task/draft.ts';
import { isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';

/** The row of a task that an agent started in place of another: the same in everything but its identity. */
const successorOf = (task: Task, id: TaskId, now: number): Task => {
  const { finalStatus: _end, notBefore: _moment, waitingFor: _wait, ...rest } = task;
  // Those of a chain are made at one moment, and are shown in the order in which they were made.
  const createdAt = Math.max(now, task.createdAt + 1);
  return {
    ...rest,
    id,
    version: 0,
    createdAt,
    updatedAt: createdAt,
    predecessor: task.id,
    attempt: (task.attempt ?? 0) + 1,
  };
};

/**
 * Gives rows to the tasks that agents started in place of ended ones, as far as their place is still wanted. What is
 * not adopted stays out of the node's assignments, which stops it.
 */
export const adoptSuccessors = (draft: Draft): void => {
  const queue: KnownTask[] = draft.tasks().filter(({ status }) => status.successor !== undefined);
  for (let known = queue.pop(); known !== undefined; known = queue.pop()) {
    const { task, status } = known;
    const successor = status.successor;
    if (successor === undefined || !isTerminal(status.state) || !isWanted(task)) continue;
    if (draft.get(successor) === undefined) {
      // Nothing was heard of it: its addresses are not kept for it.
      if (draft.state.observed(successor, task.nodeId) === undefined) continue;
      draft.create(successorOf(task, successor, draft.context.now));
    }
    draft.desire(task.id, 'shutdown');
    const adopted = draft.get(successor);
    if (adopted !== undefined) queue.push(adopted);
  }
};
