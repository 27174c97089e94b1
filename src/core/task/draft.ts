import type { TaskId } from '../../model/ids.ts';
import type { TaskSpec } from '../../model/service.ts';
import type { DesiredState, Task } from '../../model/task.ts';
import { knownStatus } from './known.ts';
import type { KnownTask, ServiceState } from './known.ts';

/** What is to be done to the rows of a service's tasks. */
export type TaskAction =
  | { readonly kind: 'create'; readonly task: Task }
  | { readonly kind: 'desire'; readonly taskId: TaskId; readonly desiredState: DesiredState }
  /** The dependencies that it waited for hold, or others are missing now: `waitingFor` as it is to be. */
  | { readonly kind: 'wait'; readonly taskId: TaskId; readonly waitingFor?: string };

/** What deciding needs from outside: the moment, and new identifiers. */
export interface DecisionContext {
  readonly now: number;
  readonly nextId: () => TaskId;
  /** What new tasks are made from, where the cluster adds to the service's own; one object for all of them. */
  readonly taskSpec?: TaskSpec;
}

/**
 * A service's state with the decisions made so far applied to it, so that one step sees what the step before decided.
 * It lives for one decision.
 */
export class Draft {
  readonly state: ServiceState;
  readonly context: DecisionContext;
  readonly #tasks: Map<string, KnownTask>;
  readonly #created = new Set<string>();
  readonly #desired = new Set<string>();
  readonly #waits = new Set<string>();

  constructor(state: ServiceState, context: DecisionContext) {
    this.state = state;
    this.context = context;
    this.#tasks = new Map(state.tasks.map((known) => [known.task.id, known]));
  }

  /** A copy: safe to change the draft while walking over it. */
  tasks(): readonly KnownTask[] {
    return [...this.#tasks.values()];
  }

  get(taskId: string): KnownTask | undefined {
    return this.#tasks.get(taskId);
  }

  isNew(taskId: string): boolean {
    return this.#created.has(taskId);
  }

  create(task: Task): void {
    this.#tasks.set(task.id, { task, status: knownStatus(task, this.state.observed(task.id)) });
    this.#created.add(task.id);
  }

  desire(taskId: TaskId, desiredState: DesiredState): void {
    const known = this.#tasks.get(taskId);
    if (known === undefined || known.task.desiredState === desiredState) return;
    this.#tasks.set(taskId, { ...known, task: { ...known.task, desiredState } });
    this.#desired.add(taskId);
  }

  wait(taskId: TaskId, waitingFor: string | undefined): void {
    const known = this.#tasks.get(taskId);
    if (known === undefined || known.task.waitingFor === waitingFor) return;
    const { waitingFor: _before, ...rest } = known.task;
    const task = waitingFor === undefined ? rest : { ...rest, waitingFor };
    this.#tasks.set(taskId, { ...known, task });
    this.#waits.add(taskId);
  }

  /** What was decided: removals and shutdowns before what takes their place. */
  actions(): readonly TaskAction[] {
    const changes: TaskAction[] = [];
    const creations: TaskAction[] = [];
    for (const [id, { task }] of this.#tasks) {
      if (this.#created.has(id)) {
        creations.push({ kind: 'create', task });
        continue;
      }
      if (this.#desired.has(id)) changes.push({ kind: 'desire', taskId: task.id, desiredState: task.desiredState });
      if (!this.#waits.has(id)) continue;
      const waiting = task.waitingFor === undefined ? {} : { waitingFor: task.waitingFor };
      changes.push({ kind: 'wait', taskId: task.id, ...waiting });
    }
    return [...changes, ...creations];
  }
}
