import { TuttiError } from '../../model/errors.ts';
import type { ServiceView, TaskView } from '../../model/native.ts';
import { liveDisplay } from '../output/live.ts';
import { painter } from '../output/paint.ts';
import type { Session } from '../session.ts';
import { watchStability } from './stable.ts';

/** How far a service is on its way to its specification. */
export type Progress = 'done' | 'under-way' | 'stuck';

/** Pure: from the counts and the state of the update. `changed`: this command changed it, so a rollback means that it failed. */
export const progressOf = (service: ServiceView, changed: boolean): Progress => {
  const update = service.update?.state;
  if (update === 'paused' || update === 'rollback_paused') return 'stuck';
  if (update === 'rollback_completed' && changed) return 'stuck';
  if (service.mode.endsWith('-job')) return service.completed >= service.desired ? 'done' : 'under-way';
  if (update === 'updating' || update === 'rollback_started') return 'under-way';
  // What ran to its end and is not to run again (`restart: "no"`) is as good as what runs.
  const there = service.updated + service.completed;
  return there === service.desired && service.running <= service.desired ? 'done' : 'under-way';
};

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Reads the services that are waited for. */
  readonly read: () => Promise<readonly ServiceView[]>;
  /** Whether the command changed the service. */
  readonly changed: (service: ServiceView) => boolean;
  /** For so long must the same tasks run before a service counts as running; absent: not at all. */
  readonly stableMs?: number;
}

const pollMs = 200;
/** So often is asked why something does not run yet. */
const reasonMs = 1500;

/**
 * Waits until every service runs as specified, showing how far each is on standard error. Throws `deadline-exceeded`
 * with the reason of a task that does not run or does not keep running, or `conflict` when an update stopped.
 */
export const waitForServices = async (session: Session, options: WaitOptions): Promise<readonly ServiceView[]> => {
  const { clock, stderr } = session.context;
  const display = liveDisplay(stderr);
  const deadline = clock.monotonic() + options.timeoutMs;
  const troubles = createTroubles(session);
  const tasks = async (service: string) => await session.client.tasks({ service }, session.signal);
  const stability = watchStability({ monotonic: () => clock.monotonic(), tasks }, options.stableMs ?? 0);
  for (;;) {
    const services = await options.read();
    const states = services.map((service) => progressOf(service, options.changed(service)));
    const waiting = services.filter((_, index) => states[index] === 'under-way');
    const trouble = await troubles(waiting);
    display.show(
      services.map(
        (service, index) =>
          lineOf(session, service, states[index] ?? 'under-way') +
          // What was known of it is from a moment ago.
          (states[index] === 'under-way' ? (trouble.get(service.id) ?? '') : ''),
      ),
    );
    const isLate = clock.monotonic() >= deadline;
    if (states.every((state) => state === 'done')) {
      const found = await stability.look(services);
      if (found.kind === 'stable') return services;
      if (found.kind === 'broken' && isLate) throw await late(session, found.services);
      await clock.sleep(pollMs, session.signal);
      continue;
    }
    stability.interrupt();
    const open = services.filter((_, index) => states[index] !== 'done');
    if (!states.includes('under-way')) throw await stopped(session, open);
    if (isLate) throw await late(session, open);
    await clock.sleep(pollMs, session.signal);
  }
};

/**
 * What keeps services from running, by their ids, as far as their tasks tell: asked for now and then. What had failed
 * before a service was first asked about is no news, and perhaps what is being mended.
 */
const createTroubles = ({ client, context, signal }: Session) => {
  let next = 0;
  let known = new Map<string, string>();
  const old = new Map<string, ReadonlySet<string>>();
  return async (services: readonly ServiceView[]): Promise<ReadonlyMap<string, string>> => {
    if (context.clock.monotonic() < next) return known;
    known = new Map();
    for (const { id } of services.slice(0, maxAsked)) {
      const tasks = await client.tasks({ service: id, all: true }, signal);
      const before = old.get(id) ?? new Set(tasks.filter(({ error }) => error !== undefined).map((task) => task.id));
      old.set(id, before);
      const trouble = troubleOf(tasks.filter((task) => !before.has(task.id)));
      if (trouble !== undefined) known.set(id, `  (${trouble})`);
    }
    next = context.clock.monotonic() + reasonMs;
    return known;
  };
};

const maxAsked = 5;
const longestTrouble = 160;

/** The newest error of a task, or why one has no node. Pure. */
export const troubleOf = (tasks: readonly TaskView[]): string | undefined => {
  const pending = tasks.find((task) => task.state === 'pending' && task.message !== '');
  const failed = tasks.filter((task) => task.error !== undefined).toSorted((a, b) => b.since - a.since)[0];
  const text = failed?.error ?? pending?.message;
  return text !== undefined && text.length > longestTrouble ? `${text.slice(0, longestTrouble)}…` : text;
};

const lineOf = (session: Session, service: ServiceView, progress: Progress): string => {
  const paint = painter(session.context.stderr, session.context.environment);
  const isJob = service.mode.endsWith('-job');
  const count = isJob
    ? `${service.completed}/${service.desired} completed`
    : `${service.updated + service.completed}/${service.desired} running`;
  switch (progress) {
    case 'done':
      return `${paint('green', '✓')} ${service.name}  ${count}`;
    case 'stuck':
      return `${paint('red', '✗')} ${service.name}  ${count}, ${service.update?.state ?? ''}`;
    case 'under-way':
      return `${paint('yellow', '…')} ${service.name}  ${count}`;
  }
};

const stopped = async ({ client, signal }: Session, services: readonly ServiceView[]): Promise<TuttiError> => {
  const texts = services.map(async ({ id, name, update }) => {
    const trouble = troubleOf(await client.tasks({ service: id, all: true }, signal));
    const why = trouble === undefined ? '' : `: ${trouble}`;
    return `${name}: ${update?.state ?? 'stopped'}: ${update?.message ?? ''}${why}`;
  });
  return new TuttiError('internal', `the update did not go through: ${(await Promise.all(texts)).join('; ')}`);
};

/** The deadline passed: says for each service why one of its tasks does not run. */
const late = async (session: Session, services: readonly ServiceView[]): Promise<TuttiError> => {
  const reasons = await Promise.all(services.map((service) => reasonOf(session, service)));
  return new TuttiError('deadline-exceeded', `not everything runs yet:\n  ${reasons.join('\n  ')}`);
};

const reasonOf = async ({ client, signal }: Session, service: ServiceView): Promise<string> => {
  const tasks = await client.tasks({ service: service.id, all: true }, signal);
  if (progressOf(service, false) === 'done') {
    return `${service.name}: its tasks do not keep running: ${troubleOf(tasks) ?? 'they end and are started again'}`;
  }
  const open = tasks.find((task) => task.desiredState !== 'shutdown' && task.state !== 'running') ?? tasks.at(0);
  if (open === undefined) return `${service.name}: it has no tasks yet`;
  const { summary } = await client.explain(open.id, signal);
  const trouble = troubleOf(tasks);
  return `${open.name}: ${summary}${trouble === undefined || summary.includes(trouble) ? '' : ` ${trouble}`}`;
};
