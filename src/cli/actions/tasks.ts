import type { TaskView } from '../../model/native.ts';
import type { TaskState } from '../../model/task.ts';
import { TuttiError } from '../../model/errors.ts';
import { formatDuration } from '../duration.ts';
import type { Colour } from '../output/paint.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

export interface TaskFlags {
  readonly all: boolean;
  readonly node?: string;
  readonly stack?: string;
}

/** Tasks of the cluster, or of what is named: each name is a service or a stack. */
export const listTasks = async (session: Session, names: readonly string[], flags: TaskFlags): Promise<void> => {
  const tasks = names.length === 0 ? await find(session, {}, flags) : await findNamed(session, names, flags);
  if (session.json) return session.printJson(tasks);
  const now = session.context.clock.now();
  const header = ['TASK', 'ID', 'NODE', 'STATE', 'SINCE', 'IMAGE', 'REMARK'];
  session.print(
    table(
      header,
      tasks.map((task) => row(session, task, now)),
    ),
  );
};

const find = (session: Session, scope: { readonly service?: string; readonly stack?: string }, flags: TaskFlags) =>
  session.client.tasks({ ...flags, ...scope }, session.signal);

const findNamed = async (
  session: Session,
  names: readonly string[],
  flags: TaskFlags,
): Promise<readonly TaskView[]> => {
  const stacks = new Set((await session.client.stacks(session.signal)).map((stack) => stack.name));
  const found = await Promise.all(
    names.map(async (name) => {
      if (stacks.has(name)) return await find(session, { stack: name }, flags);
      try {
        return await find(session, { service: name }, flags);
      } catch (thrown) {
        if (thrown instanceof TuttiError && thrown.code === 'not-found') {
          throw new TuttiError('not-found', `there is no service and no stack "${name}"`, { cause: thrown });
        }
        throw thrown;
      }
    }),
  );
  return found.flat();
};

const colours: Readonly<Partial<Record<TaskState, Colour>>> = {
  running: 'green',
  complete: 'green',
  failed: 'red',
  rejected: 'red',
  orphaned: 'red',
  shutdown: 'dim',
};

const shownIdLength = 12;

const row = ({ paint }: Session, task: TaskView, now: number): readonly string[] => [
  task.name.length > 60 ? `${task.name.slice(0, 57)}...` : task.name,
  task.id.slice(0, shownIdLength),
  task.node ?? '',
  paint(colours[task.state] ?? 'yellow', task.state === 'running' && !task.ready ? 'running, not ready' : task.state),
  formatDuration(now - task.since),
  task.image,
  task.error ?? (task.state === 'pending' ? task.message : ''),
];
