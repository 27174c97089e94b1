import type { AssignedTask, Assignment } from '../../model/assignment.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { isTerminal } from '../../model/task.ts';
import type { TaskObservation, TaskState } from '../../model/task.ts';
import type { Store } from '../../store/store.ts';

/** How the containers of an image behave: they run, cannot be had, end with an error or with success. */
export type Behaviour = 'run' | 'reject' | 'fail' | 'complete' | 'unhealthy';

interface Local {
  readonly observation: TaskObservation;
}

/** One node's agent, as far as the manager can tell: it holds assignments and tells what became of them. */
export class FakeAgent {
  readonly nodeId: NodeId;
  readonly assignments = new Map<string, Assignment>();
  readonly tasks = new Map<string, Local>();
  connected = true;
  /** Tasks take their time to stop until this is false. */
  stubborn = false;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #behaviour: (image: string) => Behaviour;

  constructor(nodeId: NodeId, store: Store, now: () => number, behaviour: (image: string) => Behaviour) {
    this.nodeId = nodeId;
    this.#store = store;
    this.#now = now;
    this.#behaviour = behaviour;
  }

  assigned(): AssignedTask[] {
    return [...this.assignments.values()].filter((item) => item.kind === 'task');
  }

  running(): string[] {
    return [...this.tasks.values()].flatMap(({ observation: { state, taskId } }) =>
      state === 'running' ? [taskId] : [],
    );
  }

  replace(set: ReadonlyMap<string, Assignment>): void {
    this.assignments.clear();
    for (const [key, item] of set) this.assignments.set(key, item);
  }

  apply(put: readonly Assignment[], remove: readonly string[]): void {
    for (const item of put) this.assignments.set(assignmentKey(item), item);
    for (const key of remove) this.assignments.delete(key);
  }

  /** Does what is assigned as far as it can be done at once; true when anything changed. */
  step(): boolean {
    let moved = false;
    for (const id of [...this.tasks.keys()].filter((known) => !this.assignments.has(`task:${known}`))) {
      const before = this.#predecessorOf(id);
      if (before === undefined) moved = this.tasks.delete(id) || moved;
      else moved = this.#advance({ ...before, id: id as TaskId }) || moved;
    }
    for (const task of this.assigned()) moved = this.#advance(task) || moved;
    return moved;
  }

  /** Ends a running task; with `successor` the agent starts another in its place at once. */
  end(taskId: string, state: 'failed' | 'complete', successor?: string): void {
    const before = this.tasks.get(taskId)?.observation;
    if (before === undefined) throw new Error(`no task ${taskId} here`);
    const base = { timestamp: this.#now(), message: 'ended', containers: [] };
    const next = successor === undefined ? {} : { successor: successor as TaskId };
    const ended: TaskObservation = { ...base, taskId: before.taskId, state, ready: false, ...next };
    const started: TaskObservation = {
      ...base,
      taskId: successor as TaskId,
      state: 'running',
      ready: true,
      message: '',
    };
    this.tell(successor === undefined ? [ended] : [ended, started]);
  }

  tell(observations: readonly TaskObservation[]): void {
    for (const observation of observations) this.tasks.set(observation.taskId, { observation });
    if (!this.connected) return;
    this.#store.observe((soft) => {
      for (const observation of observations) {
        soft.put('taskStatus', observation.taskId, { ...observation, nodeId: this.nodeId });
      }
    });
  }

  /** Everything again, as when a session begins. */
  tellAll(): void {
    this.tell([...this.tasks.values()].map(({ observation }) => observation));
  }

  /** What an own successor goes by until it is adopted: the assignment of the nearest task before it. */
  #predecessorOf(id: string): AssignedTask | undefined {
    for (const [other, { observation }] of this.tasks) {
      if (observation.successor !== id) continue;
      const assigned = this.assignments.get(`task:${other}`);
      return assigned?.kind === 'task' ? assigned : this.#predecessorOf(other);
    }
    return undefined;
  }

  #advance(task: AssignedTask): boolean {
    const state = this.tasks.get(task.id)?.observation.state;
    const next = this.#next(task, state);
    if (next === undefined || next === state) return false;
    const ready = next === 'running' && this.#behaviour(task.spec.containers[0]?.image ?? '') !== 'unhealthy';
    this.tell([{ taskId: task.id, state: next, timestamp: this.#now(), message: '', ready, containers: [] }]);
    return true;
  }

  #next(task: AssignedTask, state: TaskState | undefined): TaskState | undefined {
    if (state !== undefined && isTerminal(state)) return undefined;
    if (task.desiredState === 'shutdown' || task.desiredState === 'remove') {
      return this.stubborn && state !== undefined ? undefined : 'shutdown';
    }
    const behaviour = this.#behaviour(task.spec.containers[0]?.image ?? '');
    if (behaviour === 'reject') return 'rejected';
    if (task.desiredState === 'ready') return 'ready';
    if (state === undefined || state === 'ready') return 'running';
    if (behaviour === 'fail') return 'failed';
    return behaviour === 'complete' ? 'complete' : undefined;
  }
}
