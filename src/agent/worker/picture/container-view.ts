import type { TaskId } from '../../../model/ids.ts';
import type { EngineContainer, EngineEvent, Health } from '../../executor/engine.ts';
import { containerLabel, graceLabel, predecessorLabel, rootLabel, taskLabel } from '../../executor/labels.ts';

/** A container of a task, as far as the engine has told. */
export interface ContainerView {
  readonly id: string;
  readonly taskId: TaskId;
  /** Its name in the pod. */
  readonly name: string;
  readonly state: 'created' | 'running' | 'ended';
  readonly health: Health;
  readonly exitCode?: number;
  /** Of its main process, once it is known; only while it runs. */
  readonly pid?: number;
  readonly oomKilled?: boolean;
  /** Nobody saw it end: it was gone when its engine, or the whole machine, came back. */
  readonly lost?: boolean;
  readonly graceSeconds: number;
  readonly root?: TaskId;
  readonly predecessor?: TaskId;
}

/** What engines write down for a container whose end they did not see. */
const lostExitCode = 255;

/** A listed container of ours; undefined for one that is on its way out or not a task's. */
export function viewOfListed(container: EngineContainer): ContainerView | undefined {
  const identity = identityOf(container.id, container.labels);
  if (identity === undefined) return undefined;
  const { state, health, exitCode } = container;
  return {
    ...identity,
    state: stateOf(state),
    health,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(state === 'exited' && exitCode === lostExitCode ? { lost: true } : {}),
  };
}

function stateOf(state: EngineContainer['state']): ContainerView['state'] {
  switch (state) {
    case 'created':
      return 'created';
    case 'running':
    case 'paused':
    case 'restarting':
      return 'running';
    case 'exited':
    case 'dead':
    case 'removing':
      return 'ended';
  }
}

/** The container after an event; undefined when it is gone. `before` is what was known of it, if anything. */
export function viewAfterEvent(before: ContainerView | undefined, event: EngineEvent): ContainerView | undefined {
  const known = before ?? freshView(event);
  if (known === undefined) return undefined;
  switch (event.kind) {
    case 'removed':
      return undefined;
    case 'started':
      return { ...withoutRun(known), state: 'running', health: known.health };
    case 'died':
      return { ...withoutRun(known), state: 'ended', exitCode: event.exitCode };
    case 'oom':
      return { ...known, oomKilled: true };
    case 'health':
      // A probe that was under way when the container ended reports late.
      return known.state === 'running' ? { ...known, health: event.health } : known;
    case 'created':
    case 'paused':
    case 'unpaused':
      return known;
  }
}

function freshView(event: EngineEvent): ContainerView | undefined {
  const identity = identityOf(event.id, event.attributes);
  return identity === undefined ? undefined : { ...identity, state: 'created', health: 'none' };
}

/** Without what belongs to one run of it. */
function withoutRun(view: ContainerView): ContainerView {
  const { exitCode: _exitCode, pid: _pid, ...rest } = view;
  return rest;
}

type Identity = Pick<ContainerView, 'id' | 'taskId' | 'name' | 'graceSeconds' | 'root' | 'predecessor'>;

function identityOf(id: string, labels: Readonly<Record<string, string>>): Identity | undefined {
  const taskId = labels[taskLabel] as TaskId | undefined;
  if (taskId === undefined) return undefined;
  const root = labels[rootLabel] as TaskId | undefined;
  const predecessor = labels[predecessorLabel] as TaskId | undefined;
  return {
    id,
    taskId,
    name: labels[containerLabel] ?? 'main',
    graceSeconds: Number(labels[graceLabel] ?? 10),
    ...(root === undefined ? {} : { root }),
    ...(predecessor === undefined ? {} : { predecessor }),
  };
}
