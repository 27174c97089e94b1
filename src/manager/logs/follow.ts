import { isWanted } from '../../core/task/known.ts';
import { knowsApi } from '../../model/engine-needs.ts';
import { TuttiError } from '../../model/errors.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store, View } from '../../store/store.ts';
import type { LogLine, LogOptions } from '../manager.ts';
import { knownIn } from '../observed.ts';
import type { AgentGateway } from './gateway.ts';
import { Given } from './given.ts';

export interface FollowPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly agents: AgentGateway;
  readonly clock: Pick<Clock, 'sleep' | 'now'>;
  readonly log: Log;
}

/** A node that is back may not answer requests yet. */
const retryMs = 500;

/**
 * The lines of a task, for as long as it has a row: after a cut (`unavailable`) it goes on where it stopped, when the
 * node is back; where the task was replaced meanwhile, it ends. Where the task ends while it is followed, an engine before 23.0 is
 * asked once more for what comes after the last line: it may end before it has told all. Throws what else the agent throws.
 */
export async function* followTask(
  task: Task,
  nodeId: string,
  options: LogOptions,
  ports: FollowPorts,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { store, clock, agents, log } = ports;
  const began = clock.now();
  const again = mayLack(task, nodeId, store);
  const given = new Given(task.spec.containers.length === 1);
  let any = false;
  let follow = true;
  let wasCut = false;
  for (;;) {
    const rest = given.rest();
    const asked = any
      ? goOn(options, given.since())
      : !follow || (wasCut && options.tail === 0)
        ? fromBegin(options, began)
        : options;
    try {
      for await (const whole of agents.openLogs(nodeId, task.id, { ...asked, follow, timed: true }, signal)) {
        const line = rest(whole);
        if (line === undefined) continue;
        any = true;
        given.note(line);
        yield { task, stream: line.stream, data: line.data };
      }
      if (!follow || !again || signal.aborted || (any && given.since() === undefined)) return;
      follow = false;
      continue;
    } catch (thrown) {
      const error = TuttiError.from(thrown);
      const cut = error.code === 'unavailable';
      if (signal.aborted || (follow && !cut)) throw error;
      const fields = { task: task.id, node: nodeId, error: error.message };
      if (follow) log.debug('the logs of a task were cut off', fields);
      else log.info('the end of the logs of a task could not be asked for again', fields);
      // What was followed ended well.
      if (!cut) return;
      wasCut = true;
    }
    await clock.sleep(retryMs, signal).catch(() => undefined);
    // Told to its end: nobody has to wait for a node that is away.
    if (!follow && store.view.get('nodeStatus', nodeId)?.state !== 'ready') return;
    if (!(await isBack(task, nodeId, store, signal))) return;
  }
}

/** API of 23.0: from it on the engine ends a log that it follows with its last line. */
const tellsAllApi = '1.42';

/** Whether a log that ends may have been overtaken by the end of its container. */
const mayLack = (task: Task, nodeId: string, { view }: FollowPorts['store']): boolean => {
  const node = view.get('node', nodeId);
  return node !== undefined && !knowsApi(node, tellsAllApi) && !isTerminal(knownIn(view, task).status.state);
};

/** What to ask for once lines were given. Where the agent told no times: only what is new. */
const goOn = ({ tail: _tail, ...options }: LogOptions, since: number | undefined): LogOptions =>
  since === undefined ? { ...options, tail: 0 } : { ...options, since };

/** What to ask for where nothing was given, and no line is wanted that was there before: those are what `tail` counted. */
const fromBegin = ({ tail, ...options }: LogOptions, began: number): LogOptions =>
  tail === undefined ? options : { ...options, since: Math.max(options.since ?? 0, began) };

/** The task or its node is gone, or the node is down and the task was replaced: what it still has to tell is of no use. */
const isOver = (view: View, id: string, nodeId: string): boolean => {
  const task = view.get('task', id);
  if (task === undefined || view.get('node', nodeId) === undefined) return true;
  return view.get('nodeStatus', nodeId)?.state === 'down' && !isWanted(task);
};

/** Resolves when the node is connected again; false when there is nothing to wait for any more. */
const isBack = async (
  { id }: Task,
  nodeId: string,
  { view, subscribe }: FollowPorts['store'],
  signal: AbortSignal,
): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const look = (): void => {
    if (signal.aborted || isOver(view, id, nodeId)) resolve(false);
    else if (view.get('nodeStatus', nodeId)?.state === 'ready') resolve(true);
  };
  using _ = subscribe(look);
  signal.addEventListener('abort', look, { once: true });
  look();
  const back = await promise;
  signal.removeEventListener('abort', look);
  return back;
};
