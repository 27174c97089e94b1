import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import { callEngine, refusal } from '../engines/call.ts';
import { followSuperseded } from '../engines/superseded.ts';
import { newRow } from '../commands/context.ts';
import type { ContainerMade, Containers, KnownContainer } from '../manager.ts';
import { abandonContainer } from './abandon.ts';
import { chooseNode, commitClaim } from './claim.ts';
import type { ClaimContext } from './claim.ts';
import { createLoads } from './loads.ts';
import { makeOnEngine, UnknownOutcome } from './make.ts';
import { checkFree, checkName, nameTaken } from './names.ts';
import { nearOf } from './near.ts';
import type { ContainerPorts } from './ports.ts';
import { changeRow, dropRow, renameRow } from './row.ts';
import { startTendLoop } from './tend-loop.ts';
import type { TendLoop } from './tend-loop.ts';

/** A volume may be made elsewhere while its container is placed, or its node be lost: then it is placed again. */
const mostAttempts = 3;
const renameMs = 30_000;

export interface ContainersOfManager extends Containers, Disposable {
  /** Keeps rows true and moves containers off lost nodes until it is disposed: the leader's. */
  startTending(): AsyncDisposable;
}

/** Containers of the cluster, over the engines of its nodes. */
export const createContainers = (ports: ContainerPorts): ContainersOfManager => {
  const { store } = ports;
  const making = new Map<string, SingleContainer>();
  const loads = createLoads(store, ports.clock);
  const superseded = followSuperseded(store);
  const context: ClaimContext & ContainerPorts = { ...ports, loads, making };
  let tending: TendLoop | undefined;
  /** Nobody works on the row any more. */
  const release = (rowId: string): void => {
    making.delete(rowId);
    tending?.mark([rowId]);
  };

  const rowOf = (engineId: string): SingleContainer | undefined => store.view.find('container', 'engine', engineId)[0];
  return {
    create: async (spec, signal) => {
      checkName(spec.name);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await create(context, { take: (row) => making.set(row.id, row), release }, spec, signal);
        } catch (thrown) {
          if (attempt === mostAttempts || !mayFitElsewhere(thrown)) throw thrown;
        }
      }
    },
    rename: async (container, name, signal) => {
      const { id } = container;
      checkName(name);
      await checkFree(ports, name, signal, new Set([id]));
      const row = rowOf(id);
      // While the two are told one after the other, the loop is not to find that they differ.
      if (row !== undefined) making.set(row.id, row);
      try {
        await renameBoth(ports, container, name, signal);
      } finally {
        if (row !== undefined) release(row.id);
      }
    },
    removed: async (engineId) => {
      const row = rowOf(engineId);
      if (row !== undefined) await dropRow(ports, row);
    },
    abandon: async (container, options) => await abandonContainer(ports, container, options),
    reserved: (nodeId) => {
      const { usedNanoCpus: nanoCpus, usedMemoryBytes: memoryBytes } = loads.of(nodeId);
      return { nanoCpus, memoryBytes };
    },
    row: rowOf,
    updated: async (engineId, change) => {
      const row = rowOf(engineId);
      if (row !== undefined) await changeRow(ports, row, (now) => ({ ...now, spec: change(now.spec) }));
    },
    superseded: () => superseded.ids,
    startTending: () => (tending = startTendLoop(context)),
    [Symbol.dispose]: () => {
      superseded[Symbol.dispose]();
      loads[Symbol.dispose]();
    },
  };
};

const mayFitElsewhere = (thrown: unknown): boolean =>
  !(thrown instanceof UnknownOutcome) && ['conflict', 'unavailable'].includes(TuttiError.from(thrown).code);

const renameBoth = async (
  ports: ContainerPorts,
  { id, nodeId, name: before }: Pick<KnownContainer, 'id' | 'nodeId' | 'name'>,
  name: string,
  signal: AbortSignal,
): Promise<void> => {
  await renameRow(ports, id, name);
  const path = `/containers/${id}/rename?name=${encodeURIComponent(name)}`;
  const reply = await callEngine(ports, nodeId, { method: 'POST', path, deadlineMs: renameMs }, signal);
  if (reply.status >= 300) {
    await renameRow(ports, id, before);
    throw refusal(reply);
  }
  await ports.inventory.refresh(nodeId, [id], signal).catch(() => undefined);
};

const create = async (
  context: ClaimContext & ContainerPorts,
  work: { readonly take: (row: SingleContainer) => void; readonly release: (rowId: string) => void },
  spec: SingleContainerSpec,
  signal: AbortSignal,
): Promise<ContainerMade> => {
  const near = await nearOf(spec, context, signal);
  await checkFree(context, spec.name, signal);
  const chosen = chooseNode(context, spec, near);
  if (chosen.kind === 'unplaced') return chosen;
  const row: SingleContainer = { ...newRow(context), spec, nodeId: chosen.nodeId };
  work.take(row);
  try {
    await commitClaim(context, row, (transaction) => {
      const [holder] = transaction.find('container', 'name', spec.name);
      if (holder !== undefined) throw nameTaken(spec.name, holder.engineId ?? holder.id);
      transaction.create('container', row);
    });
    const made = await makeOnEngine(context, row, signal).catch(async (thrown: unknown) => {
      // What is not known is settled by the loop when the engine answers again.
      if (!(thrown instanceof UnknownOutcome)) await dropRow(context, row);
      throw thrown;
    });
    if (made.kind === 'made') await settle(context, row, made.id, signal);
    else await dropRow(context, row);
    return made;
  } finally {
    work.release(row.id);
  }
};

/** It is there: the row says where. */
const settle = async (
  ports: ContainerPorts,
  made: SingleContainer,
  engineId: string,
  signal: AbortSignal,
): Promise<void> => {
  await changeRow(ports, made, (row) => ({ ...row, engineId }));
  const { id, nodeId } = made;
  ports.store.observe((soft) => {
    if (soft.get('container', id) !== undefined) soft.put('containerStatus', id, { nodeId, running: false });
  });
  await ports.inventory.refresh(made.nodeId, [engineId], signal).catch(() => undefined);
};
