import { isWanted } from '../../core/task/known.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Task } from '../../model/task.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store, View } from '../../store/store.ts';
import type { LogLine, LogOptions } from '../manager.ts';
import type { AgentGateway, AgentLogLine } from './gateway.ts';

export interface FollowPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly agents: AgentGateway;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Log;
}

/** A node that is back may not answer requests yet. */
const retryMs = 500;

/** The newest time that was given of each stream, by the engine's clock, and how many lines of that very time. */
type Given = Map<AgentLogLine['stream'], { readonly time: string; readonly lines: number }>;

/**
 * The lines of a task, for as long as it has a row: after a cut (`unavailable`) it goes on where it stopped, when the
 * node is back; where the task was replaced meanwhile, it ends. Where it ends by itself it is asked once more for what comes after
 * the last line: engines before 23.0 may end before they have told all. Throws what else the agent throws.
 */
export async function* followTask(
  task: Task,
  nodeId: string,
  options: LogOptions,
  ports: FollowPorts,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const given: Given = new Map();
  let any = false;
  let follow = true;
  for (;;) {
    const isNew = after(given);
    const asked = { ...(any ? goOn(options, given) : options), follow, timed: true };
    try {
      for await (const line of ports.agents.openLogs(nodeId, task.id, asked, signal)) {
        if (!isNew(line)) continue;
        any = true;
        note(line, given);
        yield { task, stream: line.stream, data: line.data };
      }
      if (!follow || signal.aborted || (any && given.size === 0)) return;
      follow = false;
      continue;
    } catch (thrown) {
      const error = TuttiError.from(thrown);
      if (!follow && error.code === 'not-found') return;
      if (signal.aborted || error.code !== 'unavailable') throw error;
      ports.log.debug('the logs of a task were cut off', { task: task.id, node: nodeId, error: error.message });
    }
    await pause(ports.clock, signal);
    if (!(await isBack(task, nodeId, ports.store, signal))) return;
  }
}

const note = ({ stream, time }: AgentLogLine, given: Given): void => {
  const last = given.get(stream);
  if (time === undefined || (last !== undefined && time < last.time)) return;
  given.set(stream, { time, lines: time === last?.time ? last.lines + 1 : 1 });
};

/** Whether a line of the next answer was not given yet: those of one stream come in the same order again. */
const after = (given: Given): ((line: AgentLogLine) => boolean) => {
  const before = new Map(given);
  return ({ stream, time }) => {
    const last = before.get(stream);
    if (time === undefined || last === undefined || time > last.time) return true;
    if (time < last.time) return false;
    if (last.lines === 0) return true;
    before.set(stream, { time, lines: last.lines - 1 });
    return false;
  };
};

/** What to ask for after a cut. Where the agent told no times: only what is new. */
const goOn = ({ tail: _tail, ...options }: LogOptions, given: Given): LogOptions => {
  const times = [...given.values()].map(({ time }) => Date.parse(time));
  return times.length === 0 ? { ...options, tail: 0 } : { ...options, since: Math.max(...times) };
};

const pause = async (clock: FollowPorts['clock'], signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(retryMs, resolve);
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
  timer.cancel();
};

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
  return await promise;
};
