import type { SingleContainer } from '../../model/single-container.ts';
import { adoptedRow } from '../attach/adopt.ts';
import type { Adoptable } from '../attach/adopt.ts';
import { callEngine, refusal } from '../engines/call.ts';
import { nameTaken } from './name-taken.ts';
import type { ContainerPorts } from './ports.ts';
import { dropRow, renameRow } from './row.ts';

const renameMs = 30_000;

/** Rows that somebody works on: the loop leaves them alone. */
export interface Work {
  readonly take: (row: SingleContainer) => void;
  readonly release: (rowId: string) => void;
}

/**
 * Gives a container another name, in the cluster first, where two cannot have it, and on its engine then. One that was made
 * on its engine gets a row for it. Throws `already-exists`, and what the engine refuses.
 */
export const renameContainer = async (
  ports: ContainerPorts,
  work: Work,
  container: Adoptable,
  name: string,
  signal: AbortSignal,
): Promise<void> => {
  const [present] = ports.store.view.find('container', 'engine', container.id);
  const row = present ?? adoptedRow(ports, { ...container, name });
  // While the two are told one after the other, the loop is not to find that they differ.
  work.take(row);
  try {
    if (present === undefined) await adoptAs(ports, row);
    else await renameRow(ports, container.id, name);
    const undo = async () =>
      await (present === undefined ? dropRow(ports, row) : renameRow(ports, container.id, container.name));
    await renameOnEngine(ports, container, name, undo, signal);
  } finally {
    work.release(row.id);
  }
};

const adoptAs = async ({ store }: Pick<ContainerPorts, 'store'>, row: SingleContainer): Promise<void> => {
  await store.update((transaction) => {
    const [holder] = transaction.find('container', 'name', row.spec.name);
    if (holder !== undefined) throw nameTaken(row.spec.name, holder.engineId ?? holder.id);
    transaction.create('container', row);
  });
};

const renameOnEngine = async (
  ports: ContainerPorts,
  { id, nodeId }: Adoptable,
  name: string,
  undo: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const path = `/containers/${id}/rename?name=${encodeURIComponent(name)}`;
  // Once the engine was asked it does it, whether or not anybody still waits.
  const reply = await callEngine(ports, nodeId, { method: 'POST', path, deadlineMs: renameMs });
  if (reply.status >= 300) {
    await undo();
    throw refusal(reply);
  }
  await ports.inventory.refresh(nodeId, [id], signal).catch(() => undefined);
};
