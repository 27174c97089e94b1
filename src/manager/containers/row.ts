import type { SingleContainer } from '../../model/single-container.ts';
import type { ContainerPorts } from './ports.ts';
import { nameTaken } from './name-taken.ts';

type Rows = Pick<ContainerPorts, 'store'>;

/** Changes the row, unless it is another container's by now: on another node, or another one of its engine. */
export const changeRow = async (
  { store }: Rows,
  { id, nodeId, engineId }: SingleContainer,
  change: (row: SingleContainer) => SingleContainer | undefined,
): Promise<void> => {
  await store.update((transaction) => {
    const row = transaction.get('container', id);
    if (row === undefined || row.nodeId !== nodeId || row.engineId !== engineId) return;
    const after = change(row);
    if (after === undefined) transaction.delete('container', id);
    else transaction.update('container', after);
  });
};

/** Forgets the container, but not what it left on lost nodes: that is still to be removed there. */
export const dropRow = async (ports: Rows, row: SingleContainer): Promise<void> =>
  await changeRow(ports, row, (now) => (now.superseded === undefined ? undefined : buried(now)));

/** As `dropRow`; what was made is still on its engine, and has to be removed there. */
export const leaveRow = async (ports: Rows, row: SingleContainer, engineId: string): Promise<void> =>
  await changeRow(ports, row, (now) => buried(leaving(now, engineId)));

/** The container goes on without what is on its node. */
export const leaving = (row: SingleContainer, engineId: string): SingleContainer => ({
  ...row,
  superseded: [...(row.superseded ?? []), { nodeId: row.nodeId, engineId }],
});

/** A row of which nothing is left but what is still to be removed on lost nodes. */
export const buried = (row: SingleContainer): SingleContainer => {
  const { engineId: _gone, moving: _stopped, attachments: _freed, ...rest } = row;
  const nothing = { reservation: { nanoCpus: 0, memoryBytes: 0 }, hostPorts: [], volumes: [], dependencies: [] };
  return { ...rest, gone: true, spec: { ...row.spec, ...nothing, name: row.id, request: {} } };
};

/** Throws `already-exists` where another row has the name. Nothing where the container has no row. */
export const renameRow = async ({ store }: Rows, engineId: string, name: string): Promise<void> => {
  if (store.view.countOf('container', 'engine', engineId) === 0) return;
  await store.update((transaction) => {
    const [row] = transaction.find('container', 'engine', engineId);
    if (row === undefined || row.spec.name === name) return;
    const [holder] = transaction.find('container', 'name', name);
    if (holder !== undefined && holder.id !== row.id) throw nameTaken(name, holder.engineId ?? holder.id);
    transaction.update('container', { ...row, spec: { ...row.spec, name } });
  });
};
