import type { TaskSpec } from '../model/service.ts';
import type { Task } from '../model/task.ts';
import type { DriverRow } from './driver.ts';

/**
 * Lets tasks with the same specification share one object, as they did when they were made: read back from a disk, each
 * has a copy of its own, which is most of the memory of a large cluster.
 */
export function* sharingSpecs(rows: Iterable<DriverRow>): Iterable<DriverRow> {
  const specs = new Map<string, TaskSpec>();
  for (const one of rows) {
    if (one.table !== 'task') {
      yield one;
      continue;
    }
    const task = one.row as Task;
    const text = JSON.stringify(task.spec);
    const spec = specs.get(text) ?? task.spec;
    specs.set(text, spec);
    yield { ...one, row: { ...task, spec } };
  }
}
