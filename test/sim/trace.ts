import type { Task } from '../../src/model/task.ts';
import type { Log } from '../../src/platform/ports.ts';
import type { Change } from '../../src/store/store.ts';

/** Prints a line of what happens, or nothing. */
export type Say = (text: string) => void;

/** A log that goes into the trace. Where nobody reads it, it costs nothing. */
export function logTo(say: Say | undefined): Log {
  if (say === undefined) return silent;
  const at =
    (level: string, fixed: Readonly<Record<string, unknown>>) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      say(`${level} ${message} ${JSON.stringify({ ...fixed, ...fields })}`);
  const make = (fixed: Readonly<Record<string, unknown>>): Log => ({
    debug: () => undefined,
    info: at('info', fixed),
    warn: at('warn', fixed),
    error: at('error', fixed),
    with: (fields) => make({ ...fixed, ...fields }),
  });
  return make({});
}

const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};

/** A change of a row, in a line. */
export function changeText(change: Change): string {
  const { table, id, before, after } = change;
  const what = after === undefined ? 'is deleted' : before === undefined ? 'is made' : 'is changed';
  if (table === 'task') {
    const task = (after ?? before) as Task;
    const end = task.finalStatus === undefined ? '' : `, ended ${task.finalStatus.state}`;
    const from = task.predecessor === undefined ? '' : `, after ${task.predecessor}`;
    const place = `${task.serviceName}/${task.slot ?? 'node'} on ${task.nodeId ?? 'no node'}`;
    return `store: task ${id} of ${place} ${what}: v${task.specVersion} wants ${task.desiredState}${end}${from}`;
  }
  if (table === 'taskStatus') {
    const status = change.after ?? change.before;
    const next = status?.successor === undefined ? '' : `, then ${status.successor}`;
    const ready = status?.ready === true ? ' and ready' : '';
    return `store: status of ${id} ${what}: ${status?.state}${ready} on ${status?.nodeId ?? 'no node'}: ${status?.message}${next}`;
  }
  if (table === 'nodeStatus') return `store: status of ${id} ${what}: ${change.after?.state}`;
  return `store: ${table} ${id} ${what}`;
}
