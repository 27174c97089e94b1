import type { AssignedTask } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { TuttiError } from '../../model/errors.ts';
import type { TaskId } from '../../model/ids.ts';
import { isTerminal } from '../../model/task.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { EngineContainer, EngineEvent } from '../executor/engine.ts';
import type { FileSources } from '../executor/files.ts';
import type { NodeIdentity } from '../executor/labels.ts';
import { assigned, assignedSelf } from '../network/endpoints.ts';
import type { Action } from './actions.ts';
import { createContact } from './contact.ts';
import type { Contact } from './contact.ts';
import { viewOfListed } from './picture/container-view.ts';
import type { ContainerView } from './picture/container-view.ts';
import type { LaneName, WorkerContext } from './context.ts';
import { decideSlot } from './decide.ts';
import { afterFault } from './fault.ts';
import { createHandlers } from './handlers.ts';
import type { Handlers } from './handlers.ts';
import type { Lane } from './lane.ts';
import { createLanes } from './lanes.ts';
import { createHealthChecks, createPuller } from './launch.ts';
import { createNodeTasks } from './picture/node-tasks.ts';
import type { Assignments, NodeTasks } from './picture/node-tasks.ts';
import type { TaskEntry } from './picture/task-table.ts';
import type { TaskWork, WorkerOptions, WorkerPorts } from './ports.ts';
import { createProcessIds } from './process-ids.ts';
import type { ProcessIds } from './process-ids.ts';
import { advance } from './picture/record.ts';
import type { TaskRecord } from './picture/record.ts';
import { createRecordWriter } from './records.ts';
import type { RecordWriter } from './records.ts';
import { createReports } from './reports.ts';
import type { Reports } from './reports.ts';
import { createWakes } from './wakes.ts';
import type { Wakes } from './wakes.ts';
import { createWithdrawals } from './withdrawals.ts';
import type { Withdrawals } from './withdrawals.ts';

/** What waits for the manager is looked at again after this, whatever it has sent. */
const waitMs = 30_000;

/**
 * The state of a worker and the loop over it: what changed marks its slot, a marked slot is looked at whole, and what
 * is decided is handed to the handlers. Nothing here waits for anything.
 */
export class WorkerCore implements WorkerContext {
  readonly ports: WorkerPorts;
  readonly tasks: NodeTasks = createNodeTasks();
  readonly health: WorkerContext['health'];
  readonly sources: FileSources;
  readonly imageIds = new Map<string, string>();
  readonly pullImage: WorkerContext['pullImage'];
  readonly withdrawals: Withdrawals;
  readonly #handlers: Handlers = createHandlers(this);
  readonly #lanes: Readonly<Record<LaneName, Lane>>;
  readonly #wakes: Wakes<TaskId>;
  readonly #writer: RecordWriter;
  readonly #processIds: ProcessIds;
  readonly #reports: Reports = createReports(this.tasks);
  readonly #dirty = new Set<string>();
  readonly #onEnd = new Map<string, () => void>();
  readonly #signal: AbortSignal;
  #settling = false;
  readonly #contact: Contact;

  constructor(ports: WorkerPorts, options: WorkerOptions, signal: AbortSignal) {
    this.ports = ports;
    this.#signal = signal;
    this.#contact = createContact(ports.clock);
    this.withdrawals = createWithdrawals(ports.clock, options.drainMs ?? 0);
    this.health = createHealthChecks(ports.engine);
    this.pullImage = createPuller(ports.engine);
    this.#processIds = createProcessIds({
      ...ports,
      signal,
      learned: (id, pid) => {
        const view = this.tasks.container(id);
        if (view?.state === 'running' && view.pid !== pid) this.seen({ ...view, pid });
      },
    });
    this.#lanes = createLanes(options, ports.clock);
    this.#wakes = createWakes(ports.clock, (taskId) => this.#lookAtTask(taskId));
    const snapshot = (): TaskRecord[] => [...this.tasks.entries.values()].map(({ record }) => record);
    this.#writer = createRecordWriter(ports.records, snapshot, ports.clock, ports.log);
    this.sources = {
      secret: (id) => this.#row('secret', id),
      config: (id) => this.#row('config', id),
    };
  }

  apply(assignments: Assignments): void {
    const before = this.tasks.assignments();
    const again = assigned(assignments, 'task').filter(
      ({ id }) => !before.has(`task:${id}`) && this.tasks.get(id) !== undefined,
    );
    for (const slot of this.tasks.assign(assignments, this.ports.clock.now())) this.look(slot);
    for (const { id } of again) this.#tellAgain(id);
    const files = [...assigned(assignments, 'secret'), ...assigned(assignments, 'config')];
    if (files.some((row) => before.get(assignmentKey(row)) !== row)) this.#retryAll();
  }

  /** Takes what was written before; call it before the first `apply`. */
  restore(records: readonly TaskRecord[]): void {
    this.#contact.begin();
    for (const record of records) this.tasks.add(record);
  }

  // What the engine tells.

  mark(): number {
    return this.tasks.mark();
  }

  listed(containers: readonly EngineContainer[], mark: number): void {
    const views = containers.flatMap((container) => viewOfListed(container) ?? []);
    const changed = this.tasks.compare(views, mark);
    for (const id of this.#onEnd.keys()) this.#tellEnd(id);
    for (const { id, taskId } of views) {
      this.publish(taskId);
      this.#learnProcess(id);
    }
    const { first, lost } = this.#contact.listed();
    for (const slot of first ? [...this.tasks.slots()] : changed) this.look(slot);
    if (first) void this.#sweepFiles();
    if (lost) this.#retryAll();
  }

  /** Files of tasks that nothing is known of: the agent was killed before it wrote of them, or its disk was full. */
  async #sweepFiles(): Promise<void> {
    const { files, log } = this.ports;
    try {
      const owners = await files.owners();
      const known = new Set([...this.tasks.entries.values()].map(({ record }) => record.root));
      await Promise.all(owners.filter((owner) => !known.has(owner)).map(async (owner) => await files.remove(owner)));
    } catch (cause) {
      log.warn('cannot remove the files of tasks that are gone', { error: TuttiError.from(cause).message });
    }
  }

  event(event: EngineEvent): void {
    const taskId = this.tasks.container(event.id)?.taskId;
    const slot = this.tasks.observe(event);
    this.#tellEnd(event.id);
    if (taskId !== undefined) this.publish(taskId);
    if (slot !== undefined) this.look(slot);
    this.#learnProcess(event.id);
  }

  #learnProcess(containerId: string): void {
    const view = this.tasks.container(containerId);
    if (view?.state === 'running' && view.pid === undefined) this.#processIds.want(containerId);
  }

  lost(fault: TuttiError, since: number): void {
    this.#contact.lost(since);
    for (const { record } of this.tasks.entries.values()) {
      if (isTerminal(record.state) || record.state === 'running') continue;
      this.update(record.id, (old, now) => advance(old, { state: old.state, message: fault.message }, now));
    }
  }

  engineAwayMs(): number | undefined {
    return this.#contact.awayMs();
  }

  // What is told.

  observations(): TaskObservation[] {
    return this.#reports.all();
  }

  subscribe(listener: (observation: TaskObservation) => void): Disposable {
    return this.#reports.subscribe(listener);
  }

  publish(taskId: TaskId): void {
    this.#reports.publish(taskId);
  }

  /** The manager may have let go of what it was told of a task before it made a row for it. */
  #tellAgain(taskId: TaskId): void {
    this.#reports.forget(taskId);
    this.publish(taskId);
  }

  // What the handlers do.

  entry(taskId: TaskId): TaskEntry {
    const entry = this.tasks.get(taskId);
    if (entry === undefined) throw new TuttiError('cancelled', `task ${taskId} is not known any more`);
    return entry;
  }

  task(taskId: TaskId): { readonly record: TaskRecord; readonly assigned: AssignedTask } {
    const { record } = this.entry(taskId);
    const assigned = this.tasks.assignmentOf(record);
    if (assigned === undefined || assigned.desiredState === 'shutdown' || assigned.desiredState === 'remove') {
      throw new TuttiError('cancelled', `task ${taskId} is not wanted any more`);
    }
    return { record, assigned };
  }

  hold(taskId: TaskId, record: TaskRecord): void {
    this.entry(taskId).record = record;
    this.#writer.changed();
  }

  update(taskId: TaskId, change: (record: TaskRecord, now: number) => TaskRecord): void {
    const entry = this.tasks.get(taskId);
    if (entry === undefined) return;
    const before = entry.record;
    const after = change(before, this.ports.clock.now());
    this.hold(taskId, after);
    if (after.state !== before.state) {
      this.ports.log.info('task', { task: taskId, from: before.state, to: after.state, error: after.error });
    }
    this.publish(taskId);
    this.look(after.slot);
  }

  onEnd(containerId: string, call: () => void): Disposable {
    this.#onEnd.set(containerId, call);
    return { [Symbol.dispose]: () => void this.#onEnd.delete(containerId) };
  }

  #tellEnd(containerId: string): void {
    const call = this.#onEnd.get(containerId);
    if (call !== undefined && this.tasks.container(containerId)?.state !== 'running') call();
  }

  seen(view: ContainerView): void {
    const slot = this.tasks.setContainer(view);
    this.#tellEnd(view.id);
    this.publish(view.taskId);
    this.look(slot);
  }

  wait(taskId: TaskId, message: string): void {
    const entry = this.entry(taskId);
    entry.retryAt = this.ports.clock.now() + waitMs;
    entry.faults += 1;
    this.update(taskId, (record, now) => advance(record, { state: 'preparing', message }, now));
  }

  forgotten(taskId: TaskId): void {
    this.tasks.delete(taskId);
    this.#reports.forget(taskId);
    this.withdrawals.forget(taskId);
    this.#wakes.delete(taskId);
    this.#writer.changed();
  }

  wakeAt(taskId: TaskId, at: number): void {
    this.#wakes.set(taskId, at);
  }

  async flush(): Promise<void> {
    await this.#writer.flush();
  }

  async node(signal: AbortSignal): Promise<NodeIdentity> {
    const self = assignedSelf(this.tasks.assignments());
    if (self === undefined) throw new TuttiError('unavailable', 'the manager has not said which node this is');
    const { os, architecture } = await this.ports.engine.version({ signal });
    return { id: self.id, hostname: self.name, clusterId: self.clusterId, os, architecture };
  }

  async engineApi(signal: AbortSignal): Promise<string> {
    return (await this.ports.engine.version({ signal })).api;
  }

  work(lane: LaneName, taskId: TaskId, work: TaskWork): void {
    const entry = this.entry(taskId);
    entry.busy = true;
    entry.retryAt = 0;
    const run = async (): Promise<void> => {
      try {
        if (!this.#signal.aborted) await work(this.#signal);
        if (entry.retryAt === 0) entry.faults = 0;
      } catch (cause) {
        this.#fault(lane, taskId, TuttiError.from(cause));
      } finally {
        entry.busy = false;
        this.look(entry.record.slot);
      }
    };
    this.#lanes[lane].run(run, lane === 'start');
  }

  async idle(): Promise<void> {
    await Promise.all(Object.values(this.#lanes).map(async (lane) => await lane.idle()));
    this.#wakes[Symbol.dispose]();
    await this.#writer.close();
  }

  // The loop.

  look(slot: string): void {
    this.#dirty.add(slot);
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => this.#settle());
  }

  #settle(): void {
    this.#settling = false;
    if (this.#signal.aborted || !this.#contact.known()) return;
    const slots = [...this.#dirty];
    this.#dirty.clear();
    const now = this.ports.clock.now();
    for (const slot of slots) for (const action of decideSlot(this.tasks.slotView(slot, now))) this.#act(action);
  }

  #act(action: Action): void {
    const handle = this.#handlers[action.kind] as (action: Action) => void;
    handle(action);
  }

  #fault(lane: LaneName, taskId: TaskId, fault: TuttiError): void {
    const entry = this.tasks.get(taskId);
    if (entry === undefined || this.#signal.aborted || fault.code === 'cancelled') return;
    this.ports.log.warn(`cannot ${lane}`, { task: taskId, error: fault.message });
    const { record, faults } = entry;
    const assigned = this.tasks.assignmentOf(record);
    const next = afterFault({ lane, record, assigned, faults, fault, now: this.ports.clock.now() });
    if (next.kind === 'end') {
      this.#handlers.end(next);
      return;
    }
    entry.retryAt = next.at;
    entry.faults += 1;
    this.update(taskId, (old, now) => advance(old, { state: old.state, message: fault.message }, now));
  }

  #row<Kind extends 'secret' | 'config'>(kind: Kind, id: string) {
    const row = this.tasks.assignments().get(`${kind}:${id}`);
    return row?.kind === kind ? (row as Extract<typeof row, { kind: Kind }>) : undefined;
  }

  #lookAtTask(taskId: TaskId): void {
    const slot = this.tasks.get(taskId)?.record.slot;
    if (slot !== undefined) this.look(slot);
  }

  #retryAll(): void {
    for (const entry of this.tasks.entries.values()) {
      if (entry.faults === 0) continue;
      entry.retryAt = 0;
      this.look(entry.record.slot);
    }
  }
}
