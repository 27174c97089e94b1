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

/** The times of the newest lines that were given, by the engine's clock. */
type Given = ReadonlyMap<AgentLogLine['stream'], string>;

/**
 * The lines of a task, for as long as it has a row: after a cut (`unavailable`) it goes on where it stopped, when the
 * node is back; where the task was replaced meanwhile, it ends. Throws what else the agent throws.
 */
export async function* followTask(
  task: Task,
  nodeId: string,
  options: LogOptions,
  ports: FollowPorts,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const given = new Map<AgentLogLine['stream'], string>();
  let any = false;
  for (;;) {
    const before: Given = new Map(given);
    try {
      for await (const line of ports.agents.openLogs(nodeId, task.id, any ? goOn(options, before) : options, signal)) {
        if (isGiven(line, before)) continue;
        const { time, stream, data } = line;
        any = true;
        if (time !== undefined) given.set(stream, time);
        yield { task, stream, data };
      }
      return;
    } catch (thrown) {
      const error = TuttiError.from(thrown);
      if (signal.aborted || error.code !== 'unavailable') throw error;
      ports.log.debug('the logs of a task were cut off', { task: task.id, node: nodeId, error: error.message });
    }
    await pause(ports.clock, signal);
    if (!(await isBack(task, nodeId, ports.store, signal))) return;
  }
}

const isGiven = ({ stream, time }: AgentLogLine, before: Given): boolean => {
  const last = before.get(stream);
  return time !== undefined && last !== undefined && time <= last;
};

/** What to ask for after a cut. Where the agent told no times: only what is new. */
const goOn = ({ tail: _tail, ...options }: LogOptions, before: Given): LogOptions => {
  const times = [...before.values()].map((time) => Date.parse(time));
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
