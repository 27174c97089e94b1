import { TuttiError } from '../../model/errors.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import { Merge } from '../../rpc/merge.ts';
import type { Commit } from '../../store/store.ts';
import type { LogLine, LogOptions, Logs } from '../manager.ts';
import { knownIn } from '../observed.ts';
import { resolve, resolveTask } from '../references.ts';
import { followTask } from './follow.ts';
import type { FollowPorts } from './follow.ts';

export type LogsPorts = FollowPorts;

/** Lines of tasks, wherever they ran. A part that fails is logged and ends by itself, or goes on after a cut; the rest goes on. */
export const createLogs = (ports: LogsPorts): Logs => ({
  service: (reference, options, signal) => {
    const service = resolve(ports.store.view, 'service', reference);
    return serviceLines(service.id, options, ports, signal);
  },
  task: (reference, options, signal) => {
    const task = resolveTask(ports.store.view, reference);
    if (task.nodeId === undefined) throw new TuttiError('not-found', `task ${task.id} has no node yet, and so no logs`);
    return linesOf(task, task.nodeId, options, ports, signal);
  },
});

async function* linesOf(
  task: Task,
  nodeId: string,
  options: LogOptions,
  ports: LogsPorts,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  if (options.follow) yield* followTask(task, nodeId, options, ports, signal);
  else {
    for await (const { stream, data } of ports.agents.openLogs(nodeId, task.id, options, signal)) {
      yield { task, stream, data };
    }
  }
}

/** Lines of all tasks of a service, those that appear while it follows included. */
async function* serviceLines(
  serviceId: string,
  options: LogOptions,
  ports: LogsPorts,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { store, log } = ports;
  await using merge = new Merge<LogLine>(signal, (error) =>
    log.warn('the logs of a task ended early', { service: serviceId, error: TuttiError.from(error).message }),
  );
  const opened = new Set<string>();
  const open = (task: Task, from: LogOptions): void => {
    const { nodeId } = task;
    if (nodeId === undefined || opened.has(task.id)) return;
    opened.add(task.id);
    merge.add((ending) => linesOf(task, nodeId, from, ports, ending));
  };
  /** Before a container runs its agent has nothing to tell, and the engine would end the stream at once. */
  const hasBegun = (task: Task): boolean => {
    const { state, containers } = knownIn(store.view, task).status;
    return state === 'running' || isTerminal(state) || containers.some(({ health }) => health === 'starting');
  };
  for (const task of store.view.find('task', 'service', serviceId)) {
    if (!options.follow || hasBegun(task)) open(task, options);
  }
  if (!options.follow) merge.finish();
  // What a later task says is new from its first line on.
  const { tail: _tail, since: _since, ...later } = options;
  using _ = store.subscribe((commit: Commit) => {
    if (!options.follow) return;
    for (const { table, id, after } of commit.changes) {
      const task = table === 'task' || table === 'taskStatus' ? store.view.get('task', id) : undefined;
      if (task?.serviceId === serviceId && hasBegun(task)) open(task, later);
      if (table === 'service' && after === undefined && store.view.get('service', serviceId) === undefined)
        merge.finish();
    }
  });
  yield* merge.items();
}
