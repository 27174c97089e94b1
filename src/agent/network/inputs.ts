import type { AssignedEndpoint, Assignment } from '../../model/assignment.ts';
import { isReady } from './endpoints.ts';
import type { Assignments, Observations } from './endpoints.ts';

/** What the kernel's state depends on, as a list to compare: identities and plain values. */
export type Inputs = readonly unknown[];

/**
 * Most changes of assignments (a task is ready, a task is done) change nothing in the kernel: readiness counts for
 * what is published or has a virtual address alone. Assignments are replaced, never changed, so identities will do for what is rare.
 */
export function kernelInputs(assignments: Assignments, observations: Observations): Inputs {
  const inputs: unknown[] = [];
  const published = new Set<string>();
  let selfId: string | undefined;
  for (const item of assignments.values()) {
    if (isRare(item)) inputs.push(item);
    if (item.kind === 'publish' || item.kind === 'vip') published.add(item.serviceId);
    else if (item.kind === 'self') selfId = item.id;
  }
  const claims = new Map<string, AssignedEndpoint>();
  const readiness = (item: AssignedEndpoint): boolean => isReady(item, selfId, assignments, observations);
  for (const item of assignments.values()) {
    if (item.kind !== 'endpoint') continue;
    inputs.push(item.address, item.nodeId);
    if (item.serviceId !== undefined && published.has(item.serviceId))
      inputs.push(item.serviceId, item.networkId, readiness(item));
    // While an address moves, the ready one of those that claim it has it.
    const other = claims.get(item.address);
    if (other === undefined) claims.set(item.address, item);
    else inputs.push(readiness(other), readiness(item));
  }
  return inputs;
}

export const isSame = (a: Inputs | undefined, b: Inputs): boolean =>
  a?.length === b.length && a.every((value, index) => value === b[index]);

const isRare = ({ kind }: Assignment): boolean =>
  kind === 'self' || kind === 'peer' || kind === 'network' || kind === 'publish' || kind === 'vip';
