import { TuttiError } from '../../model/errors.ts';
import type { NodeView, TaskView } from '../../model/native.ts';
import { isTerminal } from '../../model/task.ts';
import { liveDisplay } from '../output/live.ts';
import type { Session } from '../session.ts';
import type { WaitFlags } from './scale.ts';

/** Where the tasks of a node that is drained are on their way. */
export interface DrainProgress {
  /** Have not stopped yet. */
  readonly stopping: readonly TaskView[];
  /** Run elsewhere, or ran to their end there. */
  readonly moved: readonly TaskView[];
  /** Have no place, and say why. */
  readonly placeless: readonly TaskView[];
  /** On their way to run elsewhere. */
  readonly starting: readonly TaskView[];
  /** Those of the node that nothing has taken the place of. */
  readonly unreplaced: readonly TaskView[];
}

/**
 * Pure. `leaving`: what was on the node when it was drained; `now`: the tasks of the same services that have not ended,
 * wherever they are, and the ended ones too. Global services have one task a node, and so no replacements.
 */
export const drainProgress = (leaving: readonly TaskView[], now: readonly TaskView[]): DrainProgress => {
  const ids = new Set(leaving.map((task) => task.id));
  const stopping = now.filter((task) => ids.has(task.id) && !isTerminal(task.state));
  const since = new Map(leaving.map((task) => [placeOf(task), task.since] as const));
  // One that ran to its end before the task that leaves began is what was there before it, not what comes after.
  const isLater = (task: TaskView): boolean => task.since >= (since.get(placeOf(task)) ?? 0);
  const found = now.filter((task) => !ids.has(task.id) && isWanted(task) && (!isTerminal(task.state) || isLater(task)));
  // What is alive counts more than what has ended.
  const ordered = [
    ...found.filter(({ state }) => isTerminal(state)),
    ...found.filter(({ state }) => !isTerminal(state)),
  ];
  const successors = new Map(ordered.map((task) => [placeOf(task), task] as const));
  const places = leaving.filter((task) => task.slot !== undefined && isWanted(task));
  const next = places.flatMap((task) => successors.get(placeOf(task)) ?? []);
  const placeless = next.filter((task) => task.state === 'pending' && task.message !== '');
  const moved = next.filter((task) => task.state === 'running' || task.state === 'complete');
  return {
    stopping,
    moved,
    placeless,
    starting: next.filter((task) => !moved.includes(task) && !placeless.includes(task)),
    unreplaced: places.filter((task) => !successors.has(placeOf(task))),
  };
};

const placeOf = (task: TaskView): string => `${task.serviceId}.${task.slot ?? ''}`;

/** Meant to run, or to have run to its end: not what is being taken away, nor a failure that is tried again. */
const isWanted = ({ state, desiredState }: TaskView): boolean =>
  state === 'complete' || (!isTerminal(state) && desiredState !== 'shutdown' && desiredState !== 'remove');

const pollMs = 300;
/** Nothing new for so long, once all has stopped: what has no place or no successor then is told, not waited for. */
const settledMs = 2000;

/** Drains a node and, unless detached, waits until its tasks have stopped and run elsewhere. */
export const drain = async (session: Session, reference: string, flags: WaitFlags): Promise<void> => {
  const { client, signal } = session;
  const before = await client.node(reference, signal);
  // Asked before: what stops at once would not be seen to be missing.
  const there = await client.tasks({ node: before.id }, signal);
  // Nothing is seen to stop on a machine that is gone.
  const leaving = before.state === 'down' ? [] : there;
  const node = await client.changeNode(before.id, { availability: 'drain' }, signal);
  if (before.state === 'down' && there.length > 0)
    session.note(`warning: ${node.name} is down: its tasks are replaced, but not seen to stop`);
  const progress = flags.detach ? undefined : await waitUntilMoved(session, node, leaving, flags.timeout);
  if (session.json) session.printJson({ ...(await client.node(node.id, signal)), ...outcome(progress) });
  else session.print(`${node.name} ${progress === undefined ? 'is being drained' : summary(leaving, progress)}\n`);
  if (progress !== undefined && progress.placeless.length > 0) throw withoutPlace(progress.placeless);
};

const outcome = (progress: DrainProgress | undefined) => {
  if (progress === undefined) return {};
  return {
    moved: progress.moved.map(({ name, node }) => ({ task: name, node })),
    placeless: progress.placeless.map(({ name, message }) => ({ task: name, reason: message })),
  };
};

const summary = (leaving: readonly TaskView[], { moved, unreplaced }: DrainProgress): string => {
  if (leaving.length === 0) return 'is drained: nothing runs there';
  const parts = [
    `${tasksText(leaving.length)} stopped`,
    ...(moved.length === 0 ? [] : [`${moved.length} ${moved.length === 1 ? 'runs' : 'run'} elsewhere`]),
    ...(unreplaced.length === 0 ? [] : [`${unreplaced.length} not wanted any more`]),
  ];
  return `is drained: ${parts.join(', ')}`;
};

const withoutPlace = (tasks: readonly TaskView[]): TuttiError => {
  const lines = tasks.slice(0, shownTasks).map(({ name, message }) => `\n  ${name}: ${message}`);
  const more = tasks.length > shownTasks ? `\n  and ${tasks.length - shownTasks} more` : '';
  const have = tasks.length === 1 ? 'has' : 'have';
  return new TuttiError(
    'deadline-exceeded',
    `${tasksText(tasks.length)} ${have} no other place yet, and will be started as soon as there is one:${lines.join('')}${more}`,
  );
};

const shownTasks = 10;
const tasksText = (count: number): string => `${count} ${count === 1 ? 'task' : 'tasks'}`;

const waitUntilMoved = async (
  session: Session,
  node: NodeView,
  leaving: readonly TaskView[],
  timeoutMs: number,
): Promise<DrainProgress> => {
  const { context, signal } = session;
  const { clock } = context;
  const display = liveDisplay(context.stderr);
  const deadline = clock.monotonic() + timeoutMs;
  let settledSince = clock.monotonic();
  let last = '';
  for (;;) {
    const progress = drainProgress(leaving, await tasksOfServices(session, leaving));
    const lines = progressLines(node.name, leaving, progress);
    display.show(lines);
    const moment = clock.monotonic();
    if (lines.join('\n') !== last || progress.stopping.length > 0) settledSince = moment;
    last = lines.join('\n');
    const isOpen = progress.placeless.length > 0 || progress.unreplaced.length > 0;
    const isSettled = !isOpen || moment - settledSince >= settledMs;
    if (progress.stopping.length === 0 && progress.starting.length === 0 && isSettled) return progress;
    if (moment >= deadline) throw await late(session, node, progress);
    await clock.sleep(pollMs, signal);
  }
};

/** With the ended ones, so that a task that ran to its end in its new place counts. */
const tasksOfServices = async ({ client, signal }: Session, leaving: readonly TaskView[]): Promise<TaskView[]> => {
  const services = [...new Set(leaving.map((task) => task.serviceId))];
  const found: TaskView[] = [];
  for (const service of services) {
    try {
      found.push(...(await client.tasks({ service, all: true }, signal)));
    } catch (thrown) {
      // Removed meanwhile: nothing of it has to run anywhere.
      if (!(thrown instanceof TuttiError) || thrown.code !== 'not-found') throw thrown;
    }
  }
  return found;
};

const progressLines = (name: string, leaving: readonly TaskView[], progress: DrainProgress): string[] => {
  const { stopping, moved, starting, placeless } = progress;
  const places = moved.length + starting.length + placeless.length + progress.unreplaced.length;
  return [
    `${name}: ${leaving.length - stopping.length}/${leaving.length} stopped, ${moved.length}/${places} running elsewhere`,
    ...placeless.slice(0, shownTasks).map((task) => `  ${task.name}: ${task.message}`),
  ];
};

const late = async (
  { client, signal }: Session,
  node: NodeView,
  { stopping, starting, placeless, unreplaced }: DrainProgress,
): Promise<TuttiError> => {
  const { state } = await client.node(node.id, signal);
  const unseen = state === 'ready' ? '' : ` (it is ${state}, so what stops there is not seen)`;
  const lines = [
    ...stopping.slice(0, shownTasks).map((task) => `${task.name} has not stopped on ${node.name}${unseen}`),
    ...starting
      .slice(0, shownTasks)
      .map((task) => `${task.name} is ${task.state}${task.node === undefined ? '' : ` on ${task.node}`}`),
    ...placeless.slice(0, shownTasks).map((task) => `${task.name}: ${task.message}`),
    // What has not stopped need not have one yet.
    ...(stopping.length > 0 ? [] : unreplaced.slice(0, shownTasks).map((task) => `${task.name} has no successor yet`)),
  ];
  return new TuttiError('deadline-exceeded', `${node.name} is not drained yet:\n  ${lines.join('\n  ')}`);
};
