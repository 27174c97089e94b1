import { inOrder } from '../address.ts';
import { reversedAddress } from './address.ts';
import { byId } from './table/names.ts';
import type { NetworkNames } from './table/names.ts';
import type { EndpointRow } from './row.ts';
import type { Client, NameTable } from './table/table.ts';

/** What a question comes to. */
export type Outcome =
  /** Addresses of ready tasks, in order. `virtual`: a service's own, that stays. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly virtual: boolean }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'services'; readonly services: readonly Located[] }
  /** The name is ours, but has nothing of this type (or no ready task). */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'forward' };

/** Where a service answers. */
export interface Located {
  /** Is found on the client's networks as well. */
  readonly name: string;
  readonly port: number;
  /** Of either family. */
  readonly addresses: readonly string[];
}

export interface Question {
  /** In lower case, without the dot at the end. */
  readonly name: string;
  /** `A`, `AAAA`, `PTR`, … */
  readonly type: string;
}

/** Who has a name on a network. */
interface Found {
  readonly network: NetworkNames;
  readonly rows: readonly EndpointRow[];
}

/** The answer that a client gets. It sees the names of networks that it is on, and no others. */
export function answer({ name, type }: Question, client: Client | undefined, table: NameTable): Outcome {
  if (client === undefined) return { kind: 'refused' };
  const reverse = reversedAddress(name);
  if (reverse !== undefined) {
    const owner = ownerOf(name, client.networks);
    if (owner !== undefined) return isAsked(type, 'PTR') ? { kind: 'name', name: owner } : { kind: 'empty' };
    return table.isOurs(reverse) ? { kind: 'unknown' } : outside(client);
  }
  const service = /^_([^.]+)\._(tcp|udp|sctp)\.(.+)$/.exec(name);
  if (service !== null) {
    const [, port = '', protocol = '', base = ''] = service;
    const outcome = located(port, protocol, base, client);
    if (outcome !== undefined)
      return outcome.kind === 'services' && !isAsked(type, 'SRV') ? { kind: 'empty' } : outcome;
  }
  // What is above such names is there as well.
  const [, above = ''] = /^_(?:tcp|udp|sctp)\.(.+)$/.exec(name) ?? [];
  if (above !== '' && find(above, client).length > 0) return { kind: 'empty' };
  const found = find(name, client);
  if (found.length === 0) return elsewhere(name, client);
  return addressesOf(found, type);
}

const isAsked = (type: string, wanted: string): boolean => type === wanted || type === 'ANY';

const outside = ({ mayForward }: Client): Outcome => ({ kind: mayForward ? 'forward' : 'refused' });

/** A name without a dot means a service or task: there is none, and nobody outside is asked. */
function elsewhere(name: string, client: Client): Outcome {
  const isOurs = !name.includes('.') || /^tasks\.[^.]*$/.test(name);
  return isOurs && name !== '' ? { kind: 'unknown' } : outside(client);
}

function addressesOf(found: readonly Found[], type: string): Outcome {
  const ready = found.flatMap(({ rows }) => rows.filter((row) => row.ready));
  const addresses = inOrder([
    ...(isAsked(type, 'A') ? ready.map(({ address }) => address) : []),
    ...(isAsked(type, 'AAAA') ? ready.flatMap(({ address6 = [] }) => address6) : []),
  ]);
  if (addresses.length === 0) return { kind: 'empty' };
  return { kind: 'addresses', addresses, virtual: ready.every(({ virtual }) => virtual === true) };
}

/** What it calls somebody by a link leads there on the network of the link alone, as on an engine. */
const find = (name: string, { links, networks }: Client): readonly Found[] =>
  links.get(name)?.flatMap((link) => lookUp(link.name, [link.network])) ?? lookUp(name, networks);

/** As it stands; `tasks.NAME`; and either with the network's name after it, as Docker has it. */
function lookUp(name: string, networks: readonly NetworkNames[]): readonly Found[] {
  const exact = named(name, networks);
  if (exact.length > 0) return exact;
  for (const network of networks) {
    const suffix = `.${network.row?.name.toLowerCase()}`;
    if (name.length > suffix.length && name.endsWith(suffix)) {
      const found = named(name.slice(0, -suffix.length), [network]);
      if (found.length > 0) return found;
    }
  }
  return [];
}

const tasks = 'tasks.';
const withoutTasks = (name: string): string => (name.startsWith(tasks) ? name.slice(tasks.length) : name);

const named = (name: string, networks: readonly NetworkNames[]): readonly Found[] =>
  networks.flatMap((network) => {
    const rows = network.named.get(name) ?? network.named.get(withoutTasks(name));
    return rows === undefined ? [] : [{ network, rows: [...rows] }];
  });

/**
 * `_http._tcp.web` and `_80._tcp.web`: the port that the service has by that name or number, at each of the addresses that
 * the name leads to. Undefined where nobody has the name.
 */
function located(port: string, protocol: string, base: string, client: Client): Outcome | undefined {
  const found = find(base, client);
  if (found.length === 0) return undefined;
  // A service with an address of its own is told with its ports, its tasks without.
  const own = portsOf(found, port, protocol);
  const ports = own.size > 0 ? own : portsOf(find(withoutTasks(base), client), port, protocol);
  if (ports.size === 0) return { kind: 'unknown' };
  const services = found.flatMap(({ network, rows }) =>
    rows
      .filter(({ ready }) => ready)
      .flatMap((row) => {
        const addresses = row.address6 === undefined ? [row.address] : [row.address, row.address6];
        return [...ports].map((number) => ({ name: fullName(row, network), port: number, addresses }));
      }),
  );
  return services.length === 0 ? { kind: 'empty' } : { kind: 'services', services };
}

function portsOf(found: readonly Found[], wanted: string, protocol: string): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const { rows } of found) {
    for (const text of rows.flatMap((row) => row.ports ?? [])) {
      const [number = '', transport, ...name] = text.split('/');
      const isWanted = number === wanted || name.join('/').toLowerCase() === wanted;
      if (transport === protocol && isWanted) ports.add(Number(number));
    }
  }
  return ports;
}

/** The most telling of its names, with the network's. */
const fullName = ({ taskId, taskNames, names }: EndpointRow, { row }: NetworkNames): string =>
  `${taskNames.find((name) => name.endsWith(taskId)) ?? taskNames[0] ?? names[0] ?? taskId}.${row?.name}`;

function ownerOf(reverse: string, networks: readonly NetworkNames[]): string | undefined {
  for (const network of networks) {
    const rows = byId(network.reversed.get(reverse)).filter(
      ({ names, taskNames }) => names.length + taskNames.length > 0,
    );
    const row = rows.find(({ ready }) => ready) ?? rows[0];
    if (row !== undefined) return fullName(row, network);
  }
  return undefined;
}
