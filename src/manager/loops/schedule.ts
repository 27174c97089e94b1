import { decide } from '../../core/schedule/decide.ts';
import type { Decision, Placement, Refused } from '../../core/schedule/decision.ts';
import { mountedVolumes } from '../../core/schedule/volumes.ts';
import type { ClusterModel } from '../../core/schedule/model.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { Randomness } from '../../platform/ports.ts';
import type { Commit, SoftTransaction, Transaction, View } from '../../store/store.ts';
import { buildModel, Changed, tell } from '../schedule-model.ts';
import { isPortTaken } from '../taken-ports.ts';
import { volumesOn, withVolumes } from '../volumes/of-task.ts';
import { startLoop } from './loop.ts';
import type { LoopPorts, PassContext } from './loop.ts';

export interface ScheduleLoopPorts extends LoopPorts {
  readonly random: Pick<Randomness, 'number'>;
}

/** Placements per commit: enough that commits cost next to nothing, few enough that nobody waits for them. */
const batch = 2_000;

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
    const { revision } = store.view;
    tell(model, changed, store.view, now);
    const strategy = [...store.view.list('cluster')][0]?.spec.strategy ?? 'spread';
    decision = decide(model, { now, strategy, random: () => random.number(), limit: batch });
    const { placements, refused } = decision;
    if (placements.length > 0) {
      const { value: conflicts } = await store.update((transaction) => {
        const lost = place(transaction, placements, revision);
        if (lost.length < placements.length) own.revision = transaction.revision + 1;
        return lost;
      });
      for (const id of conflicts) noteConflict(changed, store.view, id);
    }
    const changes = { placements, refused, now };
    if (needsWords(store.view, changes)) store.observe((transaction) => report(transaction, changes));
  } while (decision.more || changed.task.size > 0);
};

/** What was decided for it did not come to be: the model is told everything again that it took as done. */
const noteConflict = (changed: Changed, view: View, taskId: string): void => {
  changed.task.add(taskId);
  const task = view.get('task', taskId);
  for (const name of task === undefined ? [] : mountedVolumes(task.spec)) changed.volume.add(name);
};

/** Writes the placements whose tasks are as they were at the revision that was decided on; returns the others' ids. */
const place = (transaction: Transaction, placements: readonly Placement[], revision: number): readonly string[] => {
  const conflicts: string[] = [];
  for (const { task, nodeId, genericResources } of placements) {
    const agreed = genericResources.length > 0 || task.slot === undefined;
    const row = agreed ? { ...task, nodeId, genericResources } : { ...task, nodeId };
    if (!tryUpdate(transaction, row, nodeId, revision)) conflicts.push(task.id);
  }
  return conflicts;
};

/** False when the task, its node, a port of it or a volume that it mounts is no longer what was decided on. */
const tryUpdate = (transaction: Transaction, row: Task, nodeId: NodeId, revision: number): boolean => {
  if (transaction.get('node', nodeId) === undefined) return false;
  if (isPortTaken(transaction, row, nodeId, revision)) return false;
  const volumes = row.slot === undefined ? [] : volumesOn(transaction, row.spec, nodeId);
  if (volumes === 'elsewhere') return false;
  try {
    const spec = withVolumes(row.spec, volumes);
    transaction.update('task', spec === row.spec ? row : { ...row, spec }, row.version);
    for (const volume of volumes) if (volume.nodeId === undefined) transaction.update('volume', { ...volume, nodeId });
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
