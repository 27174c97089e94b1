import type { Task } from '../../model/task.ts';
import type { TaskGroup } from './group.ts';
import type { Load, NodeInfo } from './node-info.ts';

/**
 * A task in a model, one object for as long as the model has to do with it: being placed changes it and no table, which
 * is what makes placing cheap.
 */
export interface Entry {
  /** The newest row while it is pending or pinned; afterwards an older one. */
  task: Task;
  readonly group: TaskGroup;
  state: 'pending' | 'pinned' | 'placed' | 'gone';
  /** Where it is placed. */
  node: NodeInfo | undefined;
  load: Load | undefined;
}
