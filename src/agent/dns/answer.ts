import { addressNumber, contains } from '../network/ipv4.ts';
import type { Client, NameTable, NetworkNames } from './table.ts';

/** What a question comes to. */
export type Outcome =
  /** Addresses of ready tasks, in the order to answer them in. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'name'; readonly name: string }
  /** The name is ours, but has nothing of this type (or no ready task). */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'forward' };

export interface Question {
  /** In lower case, without the dot at the end. */
  readonly name: string;
  /** `A`, `AAAA`, `PTR`, … */
  readonly type: string;
}

/**
 * The answer that a client gets. It sees the names of networks that it is on, and no others. `turn` is any number: each
 * value begins the addresses with another task.
 */
export function answer(question: Question, client: Client | undefined, table: NameTable, turn: number): Outcome {
  if (client === undefined) return { kind: 'refused' };
  if (question.type === 'PTR') {
    const reverse = reverseAddress(question.name);
    if (reverse !== undefined) return reverseAnswer(reverse, client, table);
  }
  const addresses = lookUp(client.links.get(question.name) ?? question.name, client.networks);
  if (addresses === undefined) return elsewhere(question, client);
  if ((question.type !== 'A' && question.type !== 'ANY') || addresses.length === 0) return { kind: 'empty' };
  return { kind: 'addresses', addresses: rotated(addresses, turn) };
}

/** A name without a dot means a service or task: there is none, and nobody outside is asked. */
function elsewhere({ name }: Question, client: Client): Outcome {
  const isOurs = !name.includes('.') || /^tasks\.[^.]*$/.test(name);
  if (isOurs && name !== '') return { kind: 'unknown' };
  return client.mayForward ? { kind: 'forward' } : { kind: 'refused' };
}

/** As it stands; `tasks.NAME`; and either with the network's name after it, as Docker has it. */
function lookUp(name: string, networks: readonly NetworkNames[]): readonly string[] | undefined {
  const exact = union(name, networks);
  if (exact !== undefined) return exact;
  for (const network of networks) {
    const suffix = `.${network.name}`;
    if (name.length > suffix.length && name.endsWith(suffix)) {
      const found = union(name.slice(0, -suffix.length), [network]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const tasks = 'tasks.';

function union(name: string, networks: readonly NetworkNames[]): readonly string[] | undefined {
  const plain = name.startsWith(tasks) ? name.slice(tasks.length) : name;
  const found = networks.flatMap(({ addresses }) => {
    const here = addresses.get(name) ?? addresses.get(plain);
    return here === undefined ? [] : [here];
  });
  if (found.length === 0) return undefined;
  return found.length === 1 ? found[0] : [...new Set(found.flat())];
}

const rotated = (addresses: readonly string[], turn: number): readonly string[] => {
  const start = turn % addresses.length;
  return start === 0 ? addresses : [...addresses.slice(start), ...addresses.slice(0, start)];
};

/** `5.0.128.10.in-addr.arpa` → `10.128.0.5`. */
function reverseAddress(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (match === null) return undefined;
  const address = `${match[4]}.${match[3]}.${match[2]}.${match[1]}`;
  return addressNumber(address) === undefined ? undefined : address;
}

function reverseAnswer(address: string, client: Client, table: NameTable): Outcome {
  for (const { owners, name } of client.networks) {
    const owner = owners.get(address);
    if (owner !== undefined) return { kind: 'name', name: `${owner}.${name}` };
  }
  const number = addressNumber(address) ?? 0;
  const isOurs = table.networks.some(({ range }) => contains(range, { first: number, last: number }));
  if (isOurs) return { kind: 'unknown' };
  return client.mayForward ? { kind: 'forward' } : { kind: 'refused' };
}
