import type { TendAction } from '../../core/tend/tend.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { SingleContainer, Superseded } from '../../model/single-container.ts';
import type { LogFields } from '../../platform/ports.ts';
import { callEngine } from '../engines/call.ts';
import { chooseNode, commitClaim } from './claim.ts';
import type { ClaimContext } from './claim.ts';
import { standingOn } from './standing.ts';
import { makeOnEngine, removeFromEngine } from './make.ts';
import { nearOf } from './near.ts';
import type { ContainerPorts } from './ports.ts';
import { changeRow, dropRow, renameRow } from './row.ts';

export type StepContext = ContainerPorts & ClaimContext;

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
    const standing = await standingByName(context, row, signal);
    if (standing === undefined) await dropRow(context, row);
    else await changeRow(context, row, (now) => ({ ...now, engineId: standing }));
    const outcome = standing === undefined ? 'it was not made' : 'it was made';
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
  return: async (context, row, { to }, signal) => {
    const state = context.store.view.get('nodeStatus', row.nodeId)?.state;
    const made = state === 'ready' ? await standingByName(context, row, signal) : undefined;
    await changeRow(context, row, (now) => (made === undefined ? home(now, to) : { ...now, engineId: made }));
    if (made === undefined) context.log.info('container stays on its node, which is back', fieldsOf(context, row));
    return 'done';
  },
  make: async (context, row, _action, signal) => {
    const present = await standingByName(context, row, signal);
    const made =
      present === undefined ? await makeOnEngine(context, row, signal) : { kind: 'made' as const, id: present };
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
  clear: async (context, row, { superseded }) => {
    const { nodeId, engineId } = superseded;
    const isItself =
      row.gone !== true && nodeId === row.nodeId && (engineId === row.engineId || engineId === row.spec.name);
    if (!isItself && context.store.view.get('node', nodeId) !== undefined) {
      await removeFromEngine(context, nodeId, engineId, superseded);
      context.log.info('what a container left on a lost node was removed', {
        container: row.spec.name,
        node: nodeId,
        id: engineId.slice(0, 12),
      });
    }
    await changeRow(context, row, (now) => without(now, superseded));
    return 'done';
  },
};

/** Its id where the engine has a container of exactly this name. */
const standingByName = async (
  context: StepContext,
  { nodeId, spec }: SingleContainer,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const standing = await standingOn(context, nodeId, spec.name, signal);
  return standing.kind === 'there' && standing.name === spec.name ? standing.id : undefined;
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
  // One of which nobody knows whether it was made there is known by its name.
  const left: Superseded = { nodeId: row.nodeId, engineId: row.engineId ?? row.spec.name };
  const { engineId: _left, ...rest } = row;
  const superseded = [...(row.superseded ?? []).filter(({ nodeId }) => nodeId !== chosen.nodeId), left];
  const after: SingleContainer = { ...rest, nodeId: chosen.nodeId, moving: { start }, superseded };
  await commitClaim(context, after, (transaction) => transaction.update('container', after, row.version));
  context.log.info('container of a lost node gets another', { ...fieldsOf(context, after), from: row.nodeId });
  return 'done';
};

/** It was removed while it was made: what was made is left over. */
const leaving = (row: SingleContainer, engineId: string): SingleContainer => ({
  ...row,
  superseded: [...(row.superseded ?? []), { nodeId: row.nodeId, engineId }],
});

/** Back where it was, before it was made elsewhere. */
const home = (row: SingleContainer, to: Superseded): SingleContainer => {
  const { moving: _stays, ...now } = row;
  const left: Superseded = { nodeId: row.nodeId, engineId: row.spec.name };
  return { ...without({ ...now, ...to, superseded: [...(row.superseded ?? []), left] }, to) };
};

const without = (row: SingleContainer, gone: Superseded): SingleContainer => {
  const { superseded = [], ...rest } = row;
  const left = superseded.filter(({ nodeId, engineId }) => nodeId !== gone.nodeId || engineId !== gone.engineId);
  return left.length === 0 ? rest : { ...rest, superseded: left };
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
  if (status < 400) return;
  context.log.warn('container of a lost node was made again and does not start', {
    ...fieldsOf(context, row),
    reason: message,
  });
};
