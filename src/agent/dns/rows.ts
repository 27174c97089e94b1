import type { AssignedEndpoint, Assignment } from '../../model/assignment.ts';
import { assignedSelf, isReady } from '../network/endpoints.ts';
import type { Assignments, Observations } from '../network/endpoints.ts';
import { rowKey, rowLimits } from './row.ts';
import type { Row } from './row.ts';

/** Rows as they are sent: key → JSON. Texts compare faster than rows, and most are the ones of last time. */
export type RowTexts = ReadonlyMap<string, string>;

/** A name or address longer than any that a question can hold is left out: nobody can ask for it. */
const fitting = (texts: readonly string[]): readonly string[] =>
  texts.filter(({ length }) => length > 0 && length <= rowLimits.text).slice(0, rowLimits.list);

const endpointRow = (item: AssignedEndpoint, ready: boolean): Row => ({
  kind: 'endpoint',
  id: item.id,
  networkId: item.networkId,
  taskId: item.taskId,
  address: item.address,
  names: fitting(item.names),
  taskNames: fitting(item.taskNames),
  ready,
});

/** Undefined for what names have nothing to do with. */
function rowOf(item: Assignment, ready: (endpoint: AssignedEndpoint) => boolean): Row | undefined {
  switch (item.kind) {
    case 'network': {
      const { id, name, subnet, gateway, internal } = item;
      return subnet === '' ? undefined : { kind: 'network', id, name, subnet, gateway, internal };
    }
    case 'endpoint':
      return endpointRow(item, ready(item));
    case 'task': {
      const servers = item.spec.containers.find(({ dns }) => dns?.nameservers !== undefined)?.dns?.nameservers ?? [];
      return servers.length === 0 ? undefined : { kind: 'servers', id: item.id, servers: fitting(servers) };
    }
    default:
      return undefined;
  }
}

/** The rows that assignments and observations come to. Remembers texts by the assignment that they were made from. */
export function createRowTexts(): (assignments: Assignments, observations: Observations) => RowTexts {
  const made = new WeakMap<Assignment, { readonly ready: boolean; readonly key: string; readonly text: string }>();
  return (assignments, observations) => {
    const self = assignedSelf(assignments)?.id;
    const isLive = (endpoint: AssignedEndpoint): boolean => isReady(endpoint, self, assignments, observations);
    const texts = new Map<string, string>();
    for (const item of assignments.values()) {
      const ready = item.kind === 'endpoint' && isLive(item);
      let found = made.get(item);
      if (found?.ready !== ready) {
        const row = rowOf(item, () => ready);
        if (row === undefined) continue;
        found = { ready, key: rowKey(row), text: JSON.stringify(row) };
        made.set(item, found);
      }
      texts.set(found.key, found.text);
    }
    return texts;
  };
}

/** What has to be told to somebody who has `before`. */
export function difference(
  before: RowTexts,
  after: RowTexts,
): { readonly put: readonly string[]; readonly remove: readonly string[] } {
  const put: string[] = [];
  for (const [key, text] of after) if (before.get(key) !== text) put.push(text);
  const remove: string[] = [];
  for (const key of before.keys()) if (!after.has(key)) remove.push(key);
  return { put, remove };
}
