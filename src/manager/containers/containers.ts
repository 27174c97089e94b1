import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import { newRow } from '../commands/context.ts';
import type { ContainerMade, Containers } from '../manager.ts';
import { chooseNode, commitClaim } from './claim.ts';
import type { ClaimContext } from './claim.ts';
import { callEngine, refusal } from './engine.ts';
import { createLoads } from './loads.ts';
import { makeOnEngine, UnknownOutcome } from './make.ts';
import { checkFree, checkName, nameTaken } from './names.ts';
import { nearOf } from './near.ts';
import type { ContainerPorts } from './ports.ts';

/** A volume may be made elsewhere while its container is placed: then it is placed again. */
const mostAttempts = 3;
const renameMs = 30_000;

/** Containers of the cluster, over the engines of its nodes. */
export const createContainers = (ports: ContainerPorts): Containers & Disposable => {
  const { store, inventory } = ports;
  const making = new Map<string, SingleContainer>();
  const loads = createLoads(store, ports.clock);
  const context: ClaimContext & ContainerPorts = { ...ports, loads, making };

  const rowOf = (engineId: string): SingleContainer | undefined => store.view.find('container', 'engine', engineId)[0];
  return {
    create: async (spec, signal) => {
      checkName(spec.name);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await create(context, making, spec, signal);
        } catch (thrown) {
          if (attempt === mostAttempts || TuttiError.from(thrown).code !== 'conflict') throw thrown;
        }
      }
    },
    rename: async ({ id, nodeId, name: before }, name, signal) => {
      checkName(name);
      await checkFree(ports, name, signal, new Set([id]));
      await renameRow(ports, id, name);
      const path = `/containers/${id}/rename?name=${encodeURIComponent(name)}`;
      const reply = await callEngine(ports, nodeId, { method: 'POST', path, deadlineMs: renameMs }, signal);
      if (reply.status < 300) {
        await inventory.refresh(nodeId, [id], signal).catch(() => undefined);
        return;
      }
      await renameRow(ports, id, before);
      throw refusal(reply);
    },
    removed: async (engineId) => {
      const row = rowOf(engineId);
      if (row !== undefined) await dropRow(ports, row);
    },
    reserved: (nodeId) => {
      const { usedNanoCpus: nanoCpus, usedMemoryBytes: memoryBytes } = loads.of(nodeId);
      return { nanoCpus, memoryBytes };
    },
    row: rowOf,
    [Symbol.dispose]: () => loads[Symbol.dispose](),
  };
};

const create = async (
  context: ClaimContext & ContainerPorts,
  making: Map<string, SingleContainer>,
  spec: SingleContainerSpec,
  signal: AbortSignal,
): Promise<ContainerMade> => {
  const near = await nearOf(spec, context, signal);
  await checkFree(context, spec.name, signal);
  const chosen = chooseNode(context, spec, near);
  if (chosen.kind === 'unplaced') return chosen;
  const row: SingleContainer = { ...newRow(context), spec, nodeId: chosen.nodeId };
  making.set(row.id, row);
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
    making.delete(row.id);
  }
};

/** It is there: the row says where. */
const settle = async (
  { store, inventory }: ContainerPorts,
  { id, nodeId }: SingleContainer,
  engineId: string,
  signal: AbortSignal,
): Promise<void> => {
  await store.update((transaction) => {
    const row = transaction.get('container', id);
    if (row !== undefined && row.nodeId === nodeId) transaction.update('container', { ...row, engineId });
  });
  await inventory.refresh(nodeId, [engineId], signal).catch(() => undefined);
};

const dropRow = async ({ store }: Pick<ContainerPorts, 'store'>, { id, engineId }: SingleContainer): Promise<void> => {
  await store.update((transaction) => {
    const row = transaction.get('container', id);
    if (row !== undefined && row.engineId === engineId) transaction.delete('container', id);
  });
};

const renameRow = async ({ store }: Pick<ContainerPorts, 'store'>, engineId: string, name: string): Promise<void> => {
  if (store.view.countOf('container', 'engine', engineId) === 0) return;
  await store.update((transaction) => {
    const [row] = transaction.find('container', 'engine', engineId);
    if (row === undefined || row.spec.name === name) return;
    const [holder] = transaction.find('container', 'name', name);
    if (holder !== undefined && holder.id !== row.id) throw nameTaken(name, holder.engineId ?? holder.id);
    transaction.update('container', { ...row, spec: { ...row.spec, name } });
  });
};
