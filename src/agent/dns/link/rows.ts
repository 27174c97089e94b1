import type { AssignedEndpoint, AssignedVip, Assignment, ServedPort } from '../../../model/assignment.ts';
import { assignedSelf, isReady } from '../../network/endpoints.ts';
import type { Assignments, Observations } from '../../network/endpoints.ts';
import { rowKey, rowLimits } from '../row.ts';
import type { Row } from '../row.ts';

/** A name or address longer than any that a question can hold is left out: nobody can ask for it. */
const fitting = (texts: readonly string[]): readonly string[] =>
  texts.filter(({ length }) => length > 0 && length <= rowLimits.text).slice(0, rowLimits.list);

const endpointRow = (item: AssignedEndpoint, ready: boolean): Row => ({
  kind: 'endpoint',
  id: item.id,
  networkId: item.networkId,
  taskId: item.taskId,
  address: item.address,
  ...(item.address6 !== undefined && { address6: item.address6 }),
  names: fitting(item.names),
  taskNames: fitting(item.taskNames),
  ready,
  ...(item.links !== undefined && { links: fitting(item.links) }),
  ...portTexts(item.ports),
});

/** `80/tcp`, `80/tcp/http` */
const portTexts = (ports: readonly ServedPort[] = []): { readonly ports?: readonly string[] } =>
  ports.length === 0
    ? {}
    : {
        ports: fitting(
          ports.map(({ port, protocol, name }) => [port, protocol, ...(name === undefined ? [] : [name])].join('/')),
        ),
      };

/** The service's own address, as if one ever ready task had it: a resolver of the version before understands that too. */
const vipRow = ({ id, networkId, serviceId, address, address6, names, ports }: AssignedVip): Row => ({
  kind: 'endpoint',
  id,
  networkId,
  taskId: serviceId,
  address,
  ...(address6 !== undefined && { address6 }),
  names: fitting(names),
  taskNames: [],
  ready: true,
  virtual: true,
  ...portTexts(ports),
});

/** None for what names have nothing to do with. */
function rowsOf(item: Assignment, ready: boolean): readonly Row[] {
  switch (item.kind) {
    case 'network': {
      const { id, name, subnet, gateway, internal, ipv6 } = item;
      const sixth = ipv6 === undefined ? {} : { subnet6: ipv6.subnet };
      return subnet === '' ? [] : [{ kind: 'network', id, name, subnet, ...sixth, gateway, internal }];
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

/** Rows to be told, as JSON, and keys of rows that are no more. */
export interface RowDifference {
  readonly put: readonly string[];
  readonly remove: readonly string[];
}

interface Made {
  readonly item: Assignment;
  readonly ready: boolean;
  readonly rows: readonly (readonly [key: string, text: string])[];
  /** The turn that it was last there. */
  turn: number;
}

/**
 * The rows that assignments and observations come to: all of them, or what differs from the time before. An assignment that
 * is the same object as before, and as ready, costs a look.
 */
export function createRowBook(): (
  assignments: Assignments,
  observations: Observations,
  whole: boolean,
) => RowDifference {
  /** By the assignments' keys. */
  const made = new Map<string, Made>();
  let turn = 0;
  return (assignments, observations, whole) => {
    turn += 1;
    const self = assignedSelf(assignments)?.id;
    const put: string[] = [];
    const gone = new Set<string>();
    for (const [key, item] of assignments) {
      const ready = item.kind === 'endpoint' && isReady(item, self, assignments, observations);
      const before = made.get(key);
      if (before !== undefined && before.item === item && before.ready === ready) {
        before.turn = turn;
        if (whole) for (const [, text] of before.rows) put.push(text);
        continue;
      }
      const rows = rowsOf(item, ready).map((row) => [rowKey(row), JSON.stringify(row)] as const);
      made.set(key, { item, ready, rows, turn });
      for (const [row] of before?.rows ?? []) if (!rows.some(([same]) => same === row)) gone.add(row);
      for (const [row, text] of rows) {
        const same = !whole && before?.rows.some(([known, old]) => known === row && old === text) === true;
        if (!same) put.push(text);
      }
    }
    if (made.size > assignments.size) {
      for (const [key, { rows, turn: last }] of made) {
        if (last === turn) continue;
        made.delete(key);
        for (const [row] of rows) gone.add(row);
      }
    }
    return { put, remove: whole ? [] : [...gone] };
  };
}
