import type { AssignedEndpoint, AssignedVip, Assignment } from '../../model/assignment.ts';
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
  ...(item.links !== undefined && { links: fitting(item.links) }),
});

/** The service's own address, as if one ever ready task had it: a resolver of the version before understands that too. */
const vipRow = ({ id, networkId, serviceId, address, names }: AssignedVip): Row => ({
  kind: 'endpoint',
  id,
  networkId,
  taskId: serviceId,
  address,
  names: fitting(names),
  taskNames: [],
  ready: true,
});

/** None for what names have nothing to do with. */
function rowsOf(item: Assignment, ready: boolean): readonly Row[] {
  switch (item.kind) {
    case 'network': {
      const { id, name, subnet, gateway, internal } = item;
      return subnet === '' ? [] : [{ kind: 'network', id, name, subnet, gateway, internal }];
    }
    case 'endpoint':
      return [endpointRow(item, ready), ...serversRow(item.taskId, item.servers)];
    case 'vip':
      return [vipRow(item)];
    case 'task': {
      const servers = item.spec.containers.find(({ dns }) => dns?.nameservers !== undefined)?.dns?.nameservers ?? [];
      return serversRow(item.id, servers);
    }
    default:
      return [];
  }
}

const serversRow = (id: string, servers: readonly string[] = []): readonly Row[] =>
  servers.length === 0 ? [] : [{ kind: 'servers', id, servers: fitting(servers) }];

/** The rows that assignments and observations come to. Remembers texts by the assignment that they were made from. */
export function createRowTexts(): (assignments: Assignments, observations: Observations) => RowTexts {
  const made = new WeakMap<
    Assignment,
    { readonly ready: boolean; readonly texts: readonly (readonly [string, string])[] }
  >();
  return (assignments, observations) => {
    const self = assignedSelf(assignments)?.id;
    const isLive = (endpoint: AssignedEndpoint): boolean => isReady(endpoint, self, assignments, observations);
    const texts = new Map<string, string>();
    for (const item of assignments.values()) {
      const ready = item.kind === 'endpoint' && isLive(item);
      let found = made.get(item);
      if (found?.ready !== ready) {
        found = { ready, texts: rowsOf(item, ready).map((row) => [rowKey(row), JSON.stringify(row)] as const) };
        made.set(item, found);
      }
      for (const [key, text] of found.texts) texts.set(key, text);
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
