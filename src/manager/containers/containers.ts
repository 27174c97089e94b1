import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import { followSuperseded } from '../engines/superseded.ts';
import { newRow } from '../commands/context.ts';
import type { ContainerMade, Containers } from '../manager.ts';
import { abandonContainer, abandonUnmade } from './abandon.ts';
import { chooseNode, commitPlacement } from './placement.ts';
import type { PlacementContext } from './placement.ts';
import { createDoubts } from './doubts.ts';
import { createLoads } from './loads.ts';
import { LeftOver, makeOnEngine, UnknownOutcome } from './make.ts';
import type { MakePorts } from './make.ts';
import { nameTaken } from './name-taken.ts';
import { checkFree, checkName } from './names.ts';
import { nearOf } from './near.ts';
import type { ContainerPorts } from './ports.ts';
import { renameContainer } from './rename.ts';
import type { Work } from './rename.ts';
import { changeRow, dropRow, leaveRow, leaving } from './row.ts';
import { standingOn } from './standing.ts';
import { startTendLoop } from './tend-loop.ts';
import type { TendLoop } from './tend-loop.ts';

/** A volume may be made elsewhere while its container is placed, or its node be lost: then it is placed again. */
const mostAttempts = 3;

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
  const context: PlacementContext & MakePorts = { ...ports, loads, making, doubts: createDoubts(ports.clock) };
  let tending: TendLoop | undefined;
  const work: Work = {
    take: (row) => making.set(row.id, row),
    release: (rowId) => {
      making.delete(rowId);
      tending?.mark([rowId]);
    },
  };

  const rowOf = (engineId: string): SingleContainer | undefined => store.view.find('container', 'engine', engineId)[0];
  return {
    create: async (spec, signal) => {
      checkName(spec.name);
      const failed = new Map<string, unknown>();
      for (let attempt = 1; ; attempt += 1) {
        const made = await create(context, work, spec, failed, signal).catch((thrown: unknown) => {
          if (attempt === mostAttempts || !mayFitElsewhere(thrown)) throw thrown;
          return undefined;
        });
        if (made === undefined) continue;
        // What was in the way where it could have been says more than that there is no other place.
        const [fault] = failed.values();
        if (made.kind === 'unplaced' && fault !== undefined) throw fault;
        return made;
      }
    },
    rename: async (container, name, signal) => {
      checkName(name);
      await checkFree(ports, name, signal, new Set([container.id]));
      await renameContainer(ports, work, container, name, signal);
    },
    removed: async (engineId, { byName = false } = {}) => {
      const row = rowOf(engineId);
      if (row === undefined) return;
      // A name may have been given to another a moment ago. What the engine does not say now, it is asked again.
      const standing = byName ? await standingOn(ports, row.nodeId, engineId).catch(() => undefined) : undefined;
      if (!byName || standing?.kind === 'gone') await dropRow(ports, row);
    },
    abandonUnmade: async (name) => await abandonUnmade(ports, name),
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

const create = async (
  context: PlacementContext & MakePorts,
  work: Work,
  spec: SingleContainerSpec,
  failed: Map<string, unknown>,
  signal: AbortSignal,
): Promise<ContainerMade> => {
  const near = await nearOf(spec, context, signal);
  await checkFree(context, spec.name, signal);
  const chosen = chooseNode(context, spec, near, new Set(failed.keys()));
  if (chosen.kind === 'unplaced') return chosen;
  const row: SingleContainer = { ...newRow(context), spec, nodeId: chosen.nodeId };
  work.take(row);
  try {
    await commitPlacement(context, row, chosen.revision, (transaction) => {
      const [holder] = transaction.find('container', 'name', spec.name);
      if (holder !== undefined) throw nameTaken(spec.name, holder.engineId ?? holder.id);
      transaction.create('container', row);
    });
    const made = await makeOnEngine(context, row, signal).catch(async (thrown: unknown) => {
      // A volume that is elsewhere says where the container goes; what did not get there would not the next time.
      if (TuttiError.from(thrown).code === 'unavailable') failed.set(row.nodeId, thrown);
      if (thrown instanceof LeftOver) await leaveRow(context, row, thrown.engineId);
      // What is not known is settled by the loop when the engine answers again.
      else if (!(thrown instanceof UnknownOutcome)) await dropRow(context, row);
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
  await changeRow(ports, made, (row) => (row.gone === true ? leaving(row, engineId) : { ...row, engineId }));
  const { id, nodeId } = made;
  ports.store.observe((soft) => {
    if (soft.get('container', id) !== undefined) soft.put('containerStatus', id, { nodeId, running: false });
  });
  await ports.inventory.refresh(made.nodeId, [engineId], signal).catch(() => undefined);
};
