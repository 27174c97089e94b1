import type { TendAction } from '../../core/tend/tend.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { SingleContainer, Superseded, SupersededContainer } from '../../model/single-container.ts';
import type { LogFields } from '../../platform/ports.ts';
import { noteRunning } from '../attach/running.ts';
import { callEngine } from '../engines/call.ts';
import { chooseNode, commitPlacement } from './placement.ts';
import type { PlacementContext } from './placement.ts';
import { standingNamed, standingOn } from './standing.ts';
import { finishFound } from './finish.ts';
import { removeLeft, without } from './left.ts';
import { makeOnEngine } from './make.ts';
import type { MakePorts } from './make.ts';
import { nearOf } from './near.ts';
import { changeRow, dropRow, leaving, renameRow } from './row.ts';

export type StepContext = MakePorts & PlacementContext;

/** `waiting`: nothing could be done; it is tried again when a node changes, and later anyway. */
export type StepResult = 'done' | 'waiting';

type ActionOf<Kind extends TendAction['kind']> = Extract<TendAction, { kind: Kind }>;

type Steps = {
  readonly [Kind in TendAction['kind']]: (
    context: StepContext,
    row: SingleContainer,
    action: ActionOf<Kind>,
    signal: AbortSignal,
  ) => Promise<StepResult>;
};

/** Does one action; throws where an engine could not be asked. */
export const takeStep = async (
  context: StepContext,
  row: SingleContainer,
  action: TendAction,
  signal: AbortSignal,
): Promise<StepResult> => {
  const step = steps[action.kind] as Steps[typeof action.kind];
  return await step(context, row, action as never, signal);
};

const fieldsOf = ({ store }: StepContext, { spec, nodeId, engineId }: SingleContainer): LogFields => {
  const node = store.view.get('node', nodeId);
  return { container: spec.name, node: node === undefined ? nodeId : nodeName(node), id: engineId?.slice(0, 12) };
};

const steps: Steps = {
  drop: async (context, row) => {
    context.log.info('container is gone with its node', fieldsOf(context, row));
    await dropRow(context, row);
    return 'done';
  },
  settle: async (context, row, _action, signal) => {
    const { nodeId, spec } = row;
    const standing = await standingNamed(context, nodeId, spec.name, signal);
    if (standing.kind === 'gone' && context.doubts.last(nodeId, spec.name)) return 'waiting';
    const isKept = standing.kind === 'there' && (await finishFound(context, row, standing, signal));
    if (isKept) await changeRow(context, row, (now) => ({ ...now, engineId: standing.id }));
    else await dropRow(context, row);
    const outcome = isKept ? 'it was made' : 'it was not made';
    context.log.info('container of a request that nobody answered', { ...fieldsOf(context, row), outcome });
    return 'done';
  },
  verify: async (context, row, _action, signal) => {
    if (row.engineId === undefined) return 'done';
    const standing = await standingOn(context, row.nodeId, row.engineId, signal);
    if (standing.kind === 'gone') await dropRow(context, row);
    return 'done';
  },
  rename: async (context, row, { name }) => {
    if (row.engineId === undefined) return 'done';
    try {
      await renameRow(context, row.engineId, name);
      return 'done';
    } catch (thrown) {
      if (TuttiError.from(thrown).code !== 'already-exists') throw thrown;
      context.log.warn('a name was given on an engine that is taken in the cluster', {
        ...fieldsOf(context, row),
        name,
      });
      return 'waiting';
    }
  },
  move: async (context, row, { start }, signal) => await move(context, row, start, signal),
  note: async (context, row, { ran }) => {
    await changeRow(context, row, (now) => ({ ...now, ran }));
    return 'done';
  },
  return: async (context, row, { to }, signal) => {
    const { nodeId, spec } = row;
    const state = context.store.view.get('nodeStatus', nodeId)?.state;
    const standing = state === 'ready' ? await standingNamed(context, nodeId, spec.name, signal) : undefined;
    if (standing?.kind === 'there' && (await finishFound(context, row, standing, signal))) {
      await changeRow(context, row, (now) => ({ ...now, engineId: standing.id }));
      return 'done';
    }
    const isSure = standing !== undefined && !context.doubts.last(nodeId, spec.name);
    await changeRow(context, row, (now) => home(now, to, isSure ? undefined : { nodeId, name: spec.name }));
    context.log.info('container stays on its node, which is back', fieldsOf(context, row));
    return 'done';
  },
  make: async (context, row, _action, signal) => {
    const standing = await standingNamed(context, row.nodeId, row.spec.name, signal);
    const isThere = standing.kind === 'there' && (await finishFound(context, row, standing, signal));
    const made = isThere ? { kind: 'made' as const, id: standing.id } : await makeOnEngine(context, row, signal);
    if (made.kind === 'made') {
      await changeRow(context, row, (now) =>
        now.gone === true ? leaving(now, made.id) : { ...now, engineId: made.id },
      );
      await context.inventory.refresh(row.nodeId, [made.id], signal).catch(() => undefined);
      return 'done';
    }
    const reason = made.kind === 'no-image' ? `no node has its image ${made.image}` : made.message;
    context.log.warn('container of a lost node cannot be made again', { ...fieldsOf(context, row), reason });
    return 'waiting';
  },
  arrive: async (context, row, { start }, signal) => {
    if (row.engineId === undefined) return 'done';
    if (start) await startIt(context, row, row.engineId, signal);
    await changeRow(context, row, ({ moving: _arrived, ...now }) => now);
    await context.inventory.refresh(row.nodeId, [row.engineId], signal).catch(() => undefined);
    context.log.info('container of a lost node was made again', fieldsOf(context, row));
    return 'done';
  },
  clear: async (context, row, { superseded }, signal) => {
    const isThere = context.store.view.get('node', superseded.nodeId) !== undefined;
    const outcome = isThere ? await removeLeft(context, row, superseded, signal) : 'nothing';
    if (outcome === 'later') return 'waiting';
    if (outcome === 'removed') {
      const { nodeId: node, engineId: id } = superseded;
      const fields = { container: row.spec.name, node, id: id?.slice(0, 12) };
      context.log.info('what a container left on a lost node was removed', fields);
    }
    await changeRow(context, row, (now) => without(now, superseded));
    return 'done';
  },
};

const move = async (
  context: StepContext,
  row: SingleContainer,
  start: boolean,
  signal: AbortSignal,
): Promise<StepResult> => {
  const near = await nearOf(row.spec, context, signal);
  const chosen = chooseNode(context, row.spec, near);
  if (chosen.kind === 'unplaced') {
    context.log.warn('container of a lost node waits for a node', {
      ...fieldsOf(context, row),
      reason: chosen.message,
    });
    return 'waiting';
  }
  const { nodeId, engineId, spec } = row;
  const left: Superseded = engineId === undefined ? { nodeId, name: spec.name } : { nodeId, engineId };
  const { engineId: _left, ...rest } = row;
  const superseded = [...(row.superseded ?? []).filter((one) => one.nodeId !== chosen.nodeId), left];
  const after: SingleContainer = { ...rest, nodeId: chosen.nodeId, moving: { start }, superseded };
  await commitPlacement(context, after, chosen.revision, (transaction) =>
    transaction.update('container', after, row.version),
  );
  context.log.info('container of a lost node gets another', { ...fieldsOf(context, after), from: row.nodeId });
  return 'done';
};

/** Back where it was, before it was made elsewhere; `left`: where it may have been made all the same. */
const home = (row: SingleContainer, to: SupersededContainer, left: Superseded | undefined): SingleContainer => {
  const { moving: _stays, superseded = [], ...now } = row;
  const { nodeId, engineId } = to;
  return without({ ...now, nodeId, engineId, superseded: left === undefined ? superseded : [...superseded, left] }, to);
};

const startMs = 60_000;

/** An engine that refuses to start it has said why; it is there, stopped. */
const startIt = async (
  context: StepContext,
  row: SingleContainer,
  engineId: string,
  signal: AbortSignal,
): Promise<void> => {
  const call = { method: 'POST', path: `/containers/${engineId}/start`, deadlineMs: startMs } as const;
  const { status, message } = await callEngine(context, row.nodeId, call, signal);
  if (status < 400) {
    noteRunning(context.store, row, true);
    return;
  }
  context.log.warn('container of a lost node was made again and does not start', {
    ...fieldsOf(context, row),
    reason: message,
  });
};
