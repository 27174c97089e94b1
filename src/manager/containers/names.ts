import { TuttiError } from '../../model/errors.ts';
import { containerName } from '../../model/single-container.ts';
import { nameTaken } from './name-taken.ts';
import { standingOn } from './standing.ts';
import type { ContainerPorts } from './ports.ts';
import { dropRow } from './row.ts';

type Ports = Pick<ContainerPorts, 'engines' | 'inventory' | 'clock' | 'store'>;

/** Throws `invalid-argument` for what no container can be called. */
export const checkName = (name: string): void => {
  if (containerName.safeParse(name).success) return;
  const allowed = '[a-zA-Z0-9][a-zA-Z0-9_.-]';
  throw new TuttiError('invalid-argument', `Invalid container name (${name}), only ${allowed} are allowed`);
};

/**
 * Throws `already-exists` where a container of the cluster has the name. What is known is asked of its engine first: the
 * name of one that has just gone is free. `except`: ids of engines that do not count.
 */
export const checkFree = async (
  ports: Ports,
  name: string,
  signal: AbortSignal,
  except: ReadonlySet<string> = new Set(),
): Promise<void> => {
  for (const { id, nodeId, reachable } of ports.inventory.named(name)) {
    if (except.has(id)) continue;
    if (!reachable || !(await isGone(ports, nodeId, id, name, signal))) throw nameTaken(name, id);
  }
  const [row] = ports.store.view.find('container', 'name', name);
  if (row === undefined || (row.engineId !== undefined && except.has(row.engineId))) return;
  if (row.engineId === undefined || !(await isGone(ports, row.nodeId, row.engineId, undefined, signal))) {
    throw nameTaken(name, row.engineId ?? row.id);
  }
  await dropRow(ports, row);
};

/** The engine says that it is gone, or is called otherwise. An engine that says nothing has it still. */
const isGone = async (
  ports: Ports,
  nodeId: string,
  id: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<boolean> => {
  const standing = await standingOn(ports, nodeId, id, signal).catch(() => undefined);
  return standing?.kind === 'gone' || (standing?.kind === 'there' && name !== undefined && standing.name !== name);
};
