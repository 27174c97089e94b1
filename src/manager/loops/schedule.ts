import { decide } from '../../core/schedule/decide.ts';
import type { Decision, Placement, Refused } from '../../core/schedule/decide.ts';
import { ClusterModel } from '../../core/schedule/model.ts';
import { hasLiveSuccessor } from '../../core/task/known.ts';
import { TuttiError } from '../../model/errors.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { Randomness } from '../../platform/ports.ts';
import type { Change, ChangeOf, Commit, SoftTransaction, Transaction, View } from '../../store/store.ts';
import { predecessorsOf, unadopted } from '../observed.ts';
import { startLoop } from './loop.ts';
import type { LoopPorts, PassContext } from './loop.ts';

export interface ScheduleLoopPorts extends LoopPorts {
  readonly random: Pick<Randomness, 'number'>;
}

/** Placements per commit: enough that commits cost next to nothing, few enough that nobody waits for them. */
const batch = 2_000;

/** Ids of what changed since the model was last told. */
class Changed {
  readonly node = new Set<string>();
  readonly task = new Set<string>();

  /** Notes a change that matters to the scheduler; false for any other. */
  note(change: Change, view: View): boolean {
    switch (change.table) {
      case 'node':
      case 'nodeStatus':
        this.node.add(change.id);
        return true;
      case 'task':
        this.task.add(change.id);
        return true;
      case 'taskStatus':
        return this.#noteStatus(change, view);
      case 'cluster':
      case 'service':
      case 'network':
      case 'secret':
      case 'config':
      case 'client':
      case 'container':
      case 'volume':
      case 'containerStatus':
        return false;
    }
  }

  #noteStatus({ id, before, after }: ChangeOf<'taskStatus'>, view: View): boolean {
    const nodeId = (after ?? before)?.nodeId;
    if (hasEnded(before) === hasEnded(after) && after !== undefined) return false;
    this.task.add(id);
    // What an agent started by itself, and nobody adopted, holds the place of the task that it goes back to.
    if (nodeId !== undefined && view.get('task', id) === undefined) {
      for (const task of predecessorsOf(view, nodeId, id)) this.task.add(task.id);
    }
    return true;
  }
}

const hasEnded = (status: TaskStatus | undefined): boolean => status !== undefined && isTerminal(status.state);

/**
 * The scheduling loop: gives pending tasks a node (durably), and says of those that fit nowhere why (softly). It keeps a
 * model up from commits, decides, commits against the versions that it decided on, and looks again at what had changed.
 */
export const scheduleLoop = (ports: ScheduleLoopPorts): AsyncDisposable => {
  const changed = new Changed();
  const own = { revision: -1 };
  let model: ClusterModel | undefined;
  const pass = async (context: PassContext): Promise<void> => {
    model ??= buildModel(ports.store.view, changed, ports.clock.now());
    try {
      await placeAll(model, changed, own, ports);
    } catch (error) {
      // The model may hold what never came to be: it is made anew.
      model = undefined;
      own.revision = -1;
      throw error;
    }
    const next = model.later.next();
    if (next !== undefined) context.wakeAt('later', next);
  };
  return startLoop(
    {
      name: 'schedule',
      dirty: (commit: Commit, mark) => {
        // What the loop itself has just written, all of it and nothing else, the model knows.
        if (commit.durable && commit.revision === own.revision) return;
        let matters = false;
        for (const change of commit.changes) matters = changed.note(change, ports.store.view) || matters;
        if (matters) mark('changes');
      },
      all: () => ['everything'],
      pass: async (_keys, context) => pass(context),
    },
    ports,
  );
};

/** The revision of the loop's own transaction that is being committed. */
interface Own {
  revision: number;
}

const placeAll = async (model: ClusterModel, changed: Changed, own: Own, ports: ScheduleLoopPorts): Promise<void> => {
  const { store, clock, random } = ports;
  let decision: Decision;
  do {
    const now = clock.now();
    tell(model, changed, store.view, now);
    const strategy = [...store.view.list('cluster')][0]?.spec.strategy ?? 'spread';
    decision = decide(model, { now, strategy, random: () => random.number(), limit: batch });
    const { placements, refused } = decision;
    if (placements.length > 0) {
      const { value: conflicts } = await store.update((transaction) => {
        const lost = place(transaction, placements);
        if (lost.length < placements.length) own.revision = transaction.revision + 1;
        return lost;
      });
      for (const id of conflicts) changed.task.add(id);
    }
    const changes = { placements, refused, now };
    if (needsWords(store.view, changes)) store.observe((transaction) => report(transaction, changes));
  } while (decision.more || changed.task.size > 0);
};

const buildModel = (view: View, changed: Changed, now: number): ClusterModel => {
  const model = new ClusterModel();
  changed.node.clear();
  changed.task.clear();
  for (const node of view.list('node')) tellNode(model, view, node.id);
  for (const { id } of view.list('task')) tellTask(model, view, id, now);
  return model;
};

/** Tells the model the rows as they are now, of what changed. */
const tell = (model: ClusterModel, changed: Changed, view: View, now: number): void => {
  for (const id of changed.node) tellNode(model, view, id);
  for (const id of changed.task) tellTask(model, view, id, now);
  changed.node.clear();
  changed.task.clear();
};

const tellNode = (model: ClusterModel, view: View, id: string): void => {
  model.setNode(id, view.get('node', id));
  model.setNodeStatus(id, view.get('nodeStatus', id));
};

const tellTask = (model: ClusterModel, view: View, id: string, now: number): void => {
  const { task, status } = asSeen(view, id);
  model.setTaskStatus(id, status, task, now);
  model.setTask(id, task);
};

/** A task as the model is to see it. While its agent goes on with another in its place it has not ended: the node is as full as before. */
const asSeen = (
  view: View,
  id: string,
): { readonly task: Task | undefined; readonly status: TaskStatus | undefined } => {
  const task = view.get('task', id);
  const status = view.get('taskStatus', id) ?? task?.finalStatus;
  if (status === undefined || !hasLiveSuccessor(status, unadopted(view))) return { task, status };
  if (task?.finalStatus === undefined) return { task, status: undefined };
  const { finalStatus: _end, ...live } = task;
  return { task: live, status: undefined };
};

/** Writes the placements whose tasks are as they were; returns the others' ids. */
const place = (transaction: Transaction, placements: readonly Placement[]): readonly string[] => {
  const conflicts: string[] = [];
  for (const { task, nodeId, genericResources } of placements) {
    const agreed = genericResources.length > 0 || task.slot === undefined;
    const row = agreed ? { ...task, nodeId, genericResources } : { ...task, nodeId };
    if (!tryUpdate(transaction, row, nodeId)) conflicts.push(task.id);
  }
  return conflicts;
};

/** False when the task, or its node, is no longer what was decided on. */
const tryUpdate = (transaction: Transaction, row: Task, nodeId: string): boolean => {
  if (transaction.get('node', nodeId) === undefined) return false;
  try {
    transaction.update('task', row, row.version);
    return true;
  } catch (error) {
    const { code } = TuttiError.from(error);
    if (code === 'version-mismatch' || code === 'not-found') return false;
    throw error;
  }
};

interface Report {
  readonly placements: readonly Placement[];
  readonly refused: readonly Refused[];
  readonly now: number;
}

const isPending = (view: View, { id }: Task): boolean => view.get('taskStatus', id)?.state === 'pending';

const needsWords = (view: View, { placements, refused }: Report): boolean =>
  refused.length > 0 || placements.some(({ task }) => isPending(view, task));

/** Says why tasks wait, and no longer says it of those that do not. */
const report = (transaction: SoftTransaction, { placements, refused, now }: Report): void => {
  for (const { task } of placements) if (isPending(transaction, task)) transaction.drop('taskStatus', task.id);
  for (const { tasks, explanation } of refused) {
    for (const task of tasks) {
      if (transaction.get('task', task.id) === undefined) continue;
      transaction.put('taskStatus', task.id, {
        taskId: task.id,
        state: 'pending',
        timestamp: now,
        message: explanation,
        error: explanation,
        ready: false,
        containers: [],
      });
    }
  }
};
