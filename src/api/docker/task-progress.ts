import { taskStates } from '../../model/task.ts';
import type { TaskState } from '../../model/task.ts';
import type { TaskRecord } from '../../manager/manager.ts';

const runningAt = taskStates.indexOf('running');
const isBefore = (state: TaskState): boolean => taskStates.indexOf(state) < runningAt;

const placeOf = ({ task }: TaskRecord): string => `${task.serviceId} ${task.slot ?? task.nodeId ?? ''}`;

/**
 * The tasks, those that do not run yet with the error of the one before them in their place. For clients that show how
 * far a service is: they look at the newest task of each place alone, and it is the one before that says why it does not
 * come up. Records that stay the same are the same.
 */
export const withEarlierErrors = (records: readonly TaskRecord[]): readonly TaskRecord[] => {
  const errors = new Map<string, { readonly at: number; readonly error: string }>();
  for (const record of records) {
    const { error, timestamp } = record.status;
    if (error === undefined || error === '') continue;
    const known = errors.get(placeOf(record));
    if (known === undefined || known.at < timestamp) errors.set(placeOf(record), { at: timestamp, error });
  }
  if (errors.size === 0) return records;
  return records.map((record) => {
    const { task, status } = record;
    const isComing = task.desiredState !== 'shutdown' && task.desiredState !== 'remove' && isBefore(status.state);
    const earlier = isComing && status.error === undefined ? errors.get(placeOf(record)) : undefined;
    return earlier === undefined ? record : { task, status: { ...status, error: earlier.error } };
  });
};
