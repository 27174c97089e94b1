import type { TaskRecord } from '../../manager/manager.ts';
import type { Network } from '../../model/network.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { TaskSurroundings } from './convert/task.ts';
import { taskRecordTo } from './convert/task.ts';

/** Texts kept: some 25 MB where there are so many tasks, of the usual size. */
const most = 20_000;

/** All that the text of a task is made of. Rows are replaced, never changed: the same row means the same text. */
interface TaskText {
  readonly task: Task;
  readonly status: TaskStatus;
  readonly isJob: boolean;
  readonly networks: readonly (Network | undefined)[];
  readonly text: string;
}

/**
 * Tasks as JSON, each made once for each of its states. Clients ask for all tasks again and again while they wait for a
 * few to change.
 */
export const createTaskTexts = (): ((record: TaskRecord, surroundings: TaskSurroundings) => string) => {
  const texts = new Map<string, TaskText>();
  return (record, surroundings) => {
    const { task, status } = record;
    const isJob = surroundings.isJob(task.serviceId);
    const networks = (task.addresses ?? []).map(({ networkId }) => surroundings.network(networkId));
    const known = texts.get(task.id);
    if (known?.task === task && known.status === status && known.isJob === isJob && isSame(known.networks, networks)) {
      return known.text;
    }
    const text = JSON.stringify(taskRecordTo(record, surroundings));
    // Behind all others, as the newest; the oldest goes.
    texts.delete(task.id);
    texts.set(task.id, { task, status, isJob, networks, text });
    const [oldest] = texts.keys();
    if (texts.size > most && oldest !== undefined) texts.delete(oldest);
    return text;
  };
};

const isSame = <Item>(left: readonly Item[], right: readonly Item[]): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index]);
