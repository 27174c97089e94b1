import { isAddressRefused } from '../../model/node.ts';
import type { Node } from '../../model/node.ts';
import { isTerminal } from '../../model/task.ts';
import type { TaskStatus } from '../../model/task.ts';
import type { Change, Commit } from '../../store/store.ts';

/** Rows to look at again. */
export interface Dirty {
  readonly tasks: Set<string>;
  readonly containers: Set<string>;
  readonly services: Set<string>;
  readonly nodes: Set<string>;
  readonly networks: Set<string>;
  readonly secrets: Set<string>;
  readonly configs: Set<string>;
  /** Nodes that others can use otherwise than before: their tasks' endpoints are ready or not with it. */
  readonly health: Set<string>;
  cluster: boolean;
  /** A route that is no service's own. */
  routes: boolean;
}

export const nothingDirty = (): Dirty => ({
  tasks: new Set(),
  containers: new Set(),
  services: new Set(),
  nodes: new Set(),
  networks: new Set(),
  secrets: new Set(),
  configs: new Set(),
  health: new Set(),
  cluster: false,
  routes: false,
});

/** Notes what a commit changed. True when there was anything that assignments depend on. */
export const noteCommit = (dirty: Dirty, commit: Commit): boolean => {
  let any = false;
  for (const change of commit.changes) if (noteChange(dirty, change)) any = true;
  return any;
};

const noteChange = (dirty: Dirty, change: Change): boolean => {
  switch (change.table) {
    case 'task':
      dirty.tasks.add(change.id);
      return true;
    case 'taskStatus':
      if (sameForAssignments(change.before, change.after)) return false;
      dirty.tasks.add(change.id);
      return true;
    case 'service':
      dirty.services.add(change.id);
      return true;
    case 'node':
      dirty.nodes.add(change.id);
      if (!isServedAlike(change.before, change.after)) dirty.health.add(change.id);
      return true;
    case 'nodeStatus':
      if ((change.before?.state === 'down') === (change.after?.state === 'down')) return false;
      dirty.health.add(change.id);
      return true;
    case 'network':
      dirty.networks.add(change.id);
      return true;
    case 'secret':
      dirty.secrets.add(change.id);
      return true;
    case 'config':
      dirty.configs.add(change.id);
      return true;
    case 'cluster':
      dirty.cluster = true;
      return true;
    case 'route':
      dirty.routes = true;
      return true;
    case 'client':
    case 'volume':
      return false;
    case 'container':
      if ((change.before?.attachments ?? change.after?.attachments) === undefined) return false;
      dirty.containers.add(change.id);
      return true;
    case 'containerStatus':
      if (change.before?.running === change.after?.running && change.before?.nodeId === change.after?.nodeId)
        return false;
      dirty.containers.add(change.id);
      return true;
  }
};

const isServedAlike = (before: Node | undefined, after: Node | undefined): boolean =>
  before?.description?.ipv6 === after?.description?.ipv6 && isAddressRefused(before) === isAddressRefused(after);

const sameForAssignments = (before: TaskStatus | undefined, after: TaskStatus | undefined): boolean =>
  (before === undefined) === (after === undefined) &&
  (before?.ready === true) === (after?.ready === true) &&
  (before?.state === 'running') === (after?.state === 'running') &&
  ends(before) === ends(after) &&
  before?.successor === after?.successor;

const ends = (status: TaskStatus | undefined): boolean => status !== undefined && isTerminal(status.state);
