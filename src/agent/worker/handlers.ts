import type { AssignedTask } from '../../model/assignment.ts';
import { TuttiError } from '../../model/errors.ts';
import type { TaskId } from '../../model/ids.ts';
import type { ContainerSpec } from '../../model/container.ts';
import type { Action, ActionOf } from './actions.ts';
import type { ContainerView } from './picture/container-view.ts';
import { fetchImage, hasImage, imagesOfTask, isPulled } from './images/fetch-image.ts';
import { startTask } from './launch.ts';
import { missingImage } from './images/missing-image.ts';
import { prepareTask } from './prepare.ts';
import { advance, observationOf, statusOf, successorRecord } from './picture/record.ts';
import type { TaskRecord } from './picture/record.ts';
import type { WorkerContext } from './context.ts';

/** A handler for every kind of action: the compiler demands it. They start work and return; nothing is awaited. */
export type Handlers = { readonly [Kind in Action['kind']]: (action: ActionOf<Kind>) => void };

export function createHandlers(context: WorkerContext): Handlers {
  return {
    pull: ({ taskId }) => context.work('pull', taskId, async (signal) => await pull(context, taskId, signal)),
    prepare: ({ taskId }) => context.work('launch', taskId, async (signal) => await prepare(context, taskId, signal)),
    start: ({ taskId }) => context.work('start', taskId, async (signal) => await start(context, taskId, signal)),
    report: ({ taskId, state, message }) =>
      context.update(taskId, (record, now) => advance(record, { state, message }, now)),
    stop: (action) => stop(context, action),
    end: (action) => end(context, action),
    remove: ({ taskId }) => context.work('remove', taskId, async (signal) => await remove(context, taskId, signal)),
    forget: ({ taskId }) => forget(context, taskId),
    wake: ({ taskId, at }) => context.wakeAt(taskId, at),
  };
}

async function pull(context: WorkerContext, taskId: TaskId, signal: AbortSignal): Promise<void> {
  const { assigned } = context.task(taskId);
  const say = (message: string): void =>
    context.update(taskId, (record, now) => advance(record, { state: 'preparing', message }, now));
  const { missing } = context.entry(taskId);
  for (const spec of imagesOfTask(assigned.spec.containers)) {
    if (!isFetched(context, spec)) continue;
    const isWanted = (spec.pullPolicy === 'always' && isPulled(spec)) || spec.image === missing;
    if (!isWanted && (await hasImage(context, spec.image, signal))) continue;
    await fetchImage(context, { spec, assigned, signal, say });
    context.health.forget(spec.image);
  }
  const entry = context.entry(taskId);
  entry.needsPull = false;
  entry.missing = undefined;
}

/** Whether something can be done about an image that is missing. */
const isFetched = ({ ports }: WorkerContext, spec: ContainerSpec): boolean =>
  isPulled(spec) || ports.images !== undefined;

async function prepare(context: WorkerContext, taskId: TaskId, signal: AbortSignal): Promise<void> {
  const { record, assigned } = context.task(taskId);
  // On another attempt the reason for it stays to be read.
  if (record.state !== 'preparing') {
    context.update(taskId, (old, now) => advance(old, { state: 'preparing', message: 'preparing' }, now));
  }
  for (const spec of assigned.spec.containers) void context.health.has(spec);
  const result = await prepareTask(context.ports, {
    record,
    assigned,
    node: await context.node(signal),
    sources: context.sources,
    existing: context.tasks.containersOf(taskId),
    engineApi: await context.engineApi(signal),
    imageIds: context.imageIds,
    signal,
    onCreated: (view) => context.seen(view),
  });
  if (result.kind === 'image-missing') askForPull(context, taskId, assigned, result.image);
  if (result.kind === 'waiting') context.wait(taskId, `waiting for the manager to send ${result.missing.join(', ')}`);
}

function askForPull(context: WorkerContext, taskId: TaskId, assigned: AssignedTask, image: string): void {
  const wanted = imagesOfTask(assigned.spec.containers).find((spec) => spec.image === image);
  if (wanted === undefined || !isFetched(context, wanted)) throw missingImage(image, undefined);
  context.health.forget(image);
  const entry = context.entry(taskId);
  entry.needsPull = true;
  entry.missing = image;
}

async function start(context: WorkerContext, taskId: TaskId, signal: AbortSignal): Promise<void> {
  const { record, assigned } = context.task(taskId);
  context.update(taskId, (old, now) => advance(old, { state: 'starting', message: 'starting' }, now));
  const hostPorts = await startTask(context.ports, context.health, {
    record,
    assigned,
    containers: context.tasks.containersOf(taskId),
    signal,
    onStarted: (view, health) => {
      // The events may have told already, even of its end, or that it was removed: that one is not to come back.
      const known = context.tasks.container(view.id);
      if (known === undefined) return;
      if (known.state === 'created') context.seen({ ...known, state: 'running', health });
      else if (known.state === 'running' && known.health === 'none') context.seen({ ...known, health });
    },
  });
  if (hostPorts !== undefined) context.update(taskId, (old) => ({ ...old, hostPorts }));
}

/**
 * The task is withdrawn (`ready: false` is told) before the first signal is sent. One that was asked to stop while it
 * was given traffic gets the signal when all nodes know: what they still give it meanwhile is served.
 */
function stop(context: WorkerContext, { taskId, reason, error }: ActionOf<'stop'>): void {
  const drains = reason === 'asked' && isServing(context, taskId);
  context.update(taskId, (record) => stopping(record, reason, error));
  context.work('stop', taskId, async (signal) => {
    if (drains) await context.withdrawals.wait(taskId, signal);
    const running = context.tasks.containersOf(taskId).filter(({ state }) => state === 'running');
    await Promise.all(running.map((view) => stopOne(context, view, signal)));
  });
}

/**
 * Until the container has ended. The engine says so with an event, well before the stop call returns: what it cleans up in
 * between is no concern of whoever waits for the end.
 */
async function stopOne(context: WorkerContext, view: ContainerView, signal: AbortSignal): Promise<void> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  using _ = context.onEnd(view.id, resolve);
  const stopped = gone(context.ports.engine.stopContainer(view.id, view.graceSeconds, { signal }));
  // Once it has ended a fault of the call says nothing any more.
  stopped.catch(() => undefined);
  await Promise.race([stopped, ended]);
  const known = context.tasks.container(view.id);
  if (known?.state === 'running') context.seen({ ...known, state: 'ended' });
}

/** Whether others may give it traffic: it is ready, and has an address of ours. */
function isServing(context: WorkerContext, taskId: TaskId): boolean {
  const { record } = context.entry(taskId);
  const assigned = context.tasks.assignmentOf(record);
  return assigned?.addresses.length !== 0 && observationOf(record, context.tasks.containersOf(taskId)).ready;
}

function stopping(
  record: TaskRecord,
  reason: NonNullable<TaskRecord['stopping']>,
  error: string | undefined,
): TaskRecord {
  const { error: _, ...rest } = record;
  return { ...rest, stopping: reason, message: 'stopping', ...(error === undefined ? {} : { error }) };
}

/** A container that is not there (any more) needs no stopping. */
async function gone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (cause) {
    if (TuttiError.from(cause).code !== 'not-found') throw cause;
  }
}

/**
 * The end of a task. Its successor's name is durable before anybody is told of it: otherwise an agent killed right
 * after could not know that it exists.
 */
function end(context: WorkerContext, action: ActionOf<'end'>): void {
  const { taskId, state, message, error, restartAt } = action;
  const finish = (record: TaskRecord, now: number): TaskRecord => ({
    ...advance(record, { state, message, error }, now),
    ended: context.tasks.containersOf(taskId).map(statusOf),
  });
  if (restartAt === undefined) {
    context.update(taskId, finish);
    return;
  }
  const now = context.ports.clock.now();
  const ended = context.entry(taskId);
  const { record } = ended;
  const successor = context.ports.random.id() as TaskId;
  context.hold(taskId, { ...finish(record, now), successor });
  const entry = context.tasks.add(successorRecord(record, successor, restartAt, now));
  entry.busy = true;
  ended.held = true;
  // What ran here a moment ago is here: a restart in place waits for no registry.
  entry.needsPull = false;
  if (action.unmade === true) entry.retryAt = restartAt;
  void context.flush().then(() => {
    ended.held = false;
    context.publish(taskId);
    entry.busy = false;
    context.publish(successor);
    context.look(record.slot);
  });
}

async function remove(context: WorkerContext, taskId: TaskId, signal: AbortSignal): Promise<void> {
  await context.flush();
  for (const { id } of context.tasks.containersOf(taskId)) {
    await context.ports.engine.removeContainer(id, { signal });
    context.tasks.dropContainer(id);
  }
}

function forget(context: WorkerContext, taskId: TaskId): void {
  const { root, slot } = context.entry(taskId).record;
  context.forgotten(taskId);
  context.look(slot);
  const shared = [...context.tasks.entries.values()].some((entry) => entry.record.root === root);
  if (shared) return;
  void context.ports.files.remove(root).catch((cause: unknown) => {
    context.ports.log.warn('cannot remove the files of a task', { task: root, error: TuttiError.from(cause).message });
  });
}
