import type { NodeId } from '../../model/ids.ts';
import type { SingleContainer, Superseded } from '../../model/single-container.ts';
import type { Transaction } from '../../store/store.ts';
import { newRow } from '../commands/context.ts';
import type { KnownContainer } from '../manager.ts';
import type { ContainerPorts } from './ports.ts';
import { buried } from './row.ts';

/**
 * Takes a container off the cluster whose engine cannot be asked: its name and room are free at once, and what is left of
 * it on its node is removed when that is back. One without a row, made for a task or behind the cluster's back, gets one
 * that says so.
 */
export const abandonContainer = async (
  ports: Pick<ContainerPorts, 'store' | 'clock' | 'random'>,
  container: Pick<KnownContainer, 'id' | 'nodeId' | 'name'>,
  { volumes }: { readonly volumes: boolean },
): Promise<void> => {
  const { id: engineId, nodeId } = container;
  const left: Superseded = { nodeId: nodeId as NodeId, engineId, ...(!volumes && { keepsVolumes: true as const }) };
  await ports.store.update((transaction) => {
    const row = rowOf(transaction, container);
    if (row === undefined) transaction.create('container', markFor(ports, left));
    else if (row.gone !== true) transaction.update('container', buried(withLeft(row, left)));
  });
};

/**
 * Takes a container off the cluster of which nobody knows whether it was made: its name is free at once, and what its engine
 * has made, or still makes, is removed there. False: there is none of this name.
 */
export const abandonUnmade = async ({ store }: Pick<ContainerPorts, 'store'>, name: string): Promise<boolean> => {
  const isUnmade = (row: SingleContainer | undefined): boolean => row !== undefined && row.engineId === undefined;
  if (!isUnmade(store.view.find('container', 'name', name)[0])) return false;
  const { value } = await store.update((transaction) => {
    const [row] = transaction.find('container', 'name', name);
    if (row === undefined || !isUnmade(row)) return false;
    const { nodeId, superseded = [] } = row;
    transaction.update('container', buried({ ...row, superseded: [...superseded, { nodeId, name }] }));
    return true;
  });
  return value;
};

/** Its own, with its id or before that was heard; or that of the container which is being made in its place. */
const rowOf = (
  transaction: Transaction,
  { id, nodeId, name }: Pick<KnownContainer, 'id' | 'nodeId' | 'name'>,
): SingleContainer | undefined => {
  const [own] = transaction.find('container', 'engine', id);
  if (own !== undefined) return own;
  const [named] = transaction.find('container', 'name', name);
  if (named?.nodeId === nodeId && named.engineId === undefined) return named;
  for (const row of transaction.list('container')) {
    if (row.superseded?.some(({ engineId }) => engineId === id) === true) return row;
  }
  return undefined;
};

const withLeft = (row: SingleContainer, left: Superseded): SingleContainer => ({
  ...row,
  superseded: [...(row.superseded ?? []).filter(({ engineId }) => engineId !== left.engineId), left],
});

const markFor = (ports: Pick<ContainerPorts, 'clock' | 'random'>, left: Superseded): SingleContainer => {
  const row = newRow<string>(ports);
  const nothing = { reservation: { nanoCpus: 0, memoryBytes: 0 }, hostPorts: [], volumes: [], dependencies: [] };
  const hints = { constraints: [], affinities: [] };
  const spec = { name: row.id, image: '', request: {}, hints, reschedule: 'off', ...nothing } as const;
  return { ...row, spec, nodeId: left.nodeId, gone: true, superseded: [left] };
};
