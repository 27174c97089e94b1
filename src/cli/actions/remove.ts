import { TuttiError } from '../../model/errors.ts';
import type { RemovedView, ServiceView } from '../../model/native.ts';
import { isTerminal } from '../../model/task.ts';
import { liveDisplay } from '../output/live.ts';
import type { Session } from '../session.ts';
import type { WaitFlags } from './scale.ts';

const pollMs = 300;

/** Takes stacks down, or services, and waits until their containers are gone, unless detached. */
export const remove = async (session: Session, names: readonly string[], flags: WaitFlags): Promise<void> => {
  const stacks = new Set((await session.client.stacks(session.signal)).map((stack) => stack.name));
  const removed: RemovedView['removed'][number][] = [];
  // All first: a name that is wrong is not found out when half is gone.
  for (const name of names) if (!stacks.has(name)) await findService(session, name);
  for (const name of names) {
    const { leaving, view } = stacks.has(name) ? await removeStack(session, name) : await removeService(session, name);
    for (const { kind, name: object } of view.removed) session.note(`removed ${kind} ${object}`);
    removed.push(...view.removed);
    if (!flags.detach) await waitUntilGone(session, name, leaving, flags.timeout);
  }
  if (session.json) session.printJson({ removed });
};

interface Removal {
  readonly view: RemovedView;
  /** Ids of the tasks that are going. */
  readonly leaving: ReadonlySet<string>;
}

const removeStack = async (session: Session, name: string): Promise<Removal> => {
  const { client, signal } = session;
  const leaving = await tasksOf(session, await client.services(name, signal));
  return { leaving, view: await client.removeStack(name, signal) };
};

const removeService = async (session: Session, reference: string): Promise<Removal> => {
  const { client, signal } = session;
  const service = await findService(session, reference);
  const leaving = await tasksOf(session, [service]);
  await client.removeService(service.id, signal);
  return { leaving, view: { removed: [{ kind: 'service', name: service.name }] } };
};

const findService = async ({ client, signal }: Session, reference: string): Promise<ServiceView> => {
  try {
    return await client.service(reference, signal);
  } catch (thrown) {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') {
      throw new TuttiError('not-found', `there is no stack and no service "${reference}"`, { cause: thrown });
    }
    throw thrown;
  }
};

const tasksOf = async ({ client, signal }: Session, services: readonly ServiceView[]): Promise<Set<string>> => {
  const ids = new Set(services.map((service) => service.id));
  return new Set((await client.tasks({}, signal)).filter((task) => ids.has(task.serviceId)).map((task) => task.id));
};

const waitUntilGone = async (
  session: Session,
  name: string,
  leaving: ReadonlySet<string>,
  timeoutMs: number,
): Promise<void> => {
  const { client, context, signal } = session;
  const display = liveDisplay(context.stderr);
  const deadline = context.clock.monotonic() + timeoutMs;
  for (;;) {
    const left = (await client.tasks({}, signal)).filter((task) => leaving.has(task.id) && !isTerminal(task.state));
    if (left.length === 0) return;
    display.show([`${name}: ${left.length} ${left.length === 1 ? 'task' : 'tasks'} still stopping`]);
    if (context.clock.monotonic() > deadline) {
      throw new TuttiError('deadline-exceeded', `${left.length} tasks of ${name} have not stopped yet`);
    }
    await context.clock.sleep(pollMs, signal);
  }
};
