import { rowLimits } from './row.ts';
import type { Row } from './row.ts';

/** What the agent tells the resolver: lines of JSON over a unix socket. Both are of one checkout, or one version apart. */
export type ToResolver =
  /** A part of a change; with `last` the whole change takes effect at once. `whole`: it replaces everything. */
  | {
      readonly kind: 'change';
      readonly sequence: number;
      readonly whole: boolean;
      readonly put: readonly Row[];
      readonly remove: readonly string[];
      readonly last: boolean;
    }
  | { readonly kind: 'listen'; readonly id: number; readonly address: string };

/** What the resolver answers. */
export type FromResolver =
  /** First of all. `known`: it has a table, of an agent that was here before. */
  | { readonly kind: 'hello'; readonly protocol: number; readonly known: boolean }
  | { readonly kind: 'applied'; readonly sequence: number }
  | {
      readonly kind: 'listened';
      readonly id: number;
      readonly refused?: { readonly code: string; readonly message: string };
    };

export const dnsProtocol = 1;

/** Characters of a line; rows are sent in lines far below it. */
export const longestLine = 1_048_576;
/** Rows of a table: more are refused. */
export const mostRows = 500_000;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isTexts = (value: unknown, most: number, each: number): value is readonly string[] =>
  Array.isArray(value) && value.length <= most && value.every((text) => isText(text, each));

function isRow(value: unknown): value is Row {
  if (!isFields(value) || !isText(value['id'], rowLimits.id)) return false;
  const text = (...names: readonly string[]): boolean => names.every((name) => isText(value[name], rowLimits.text));
  const texts = (...names: readonly string[]): boolean =>
    names.every((name) => isTexts(value[name], rowLimits.list, rowLimits.text));
  const given = (...names: readonly string[]): readonly string[] => names.filter((name) => value[name] !== undefined);
  switch (value['kind']) {
    case 'network':
      return text('name', 'subnet', 'gateway', ...given('subnet6')) && typeof value['internal'] === 'boolean';
    case 'endpoint':
      return (
        text('networkId', 'taskId', 'address', ...given('address6')) &&
        texts('names', 'taskNames', ...given('links', 'ports')) &&
        ['boolean', 'undefined'].includes(typeof value['virtual']) &&
        typeof value['ready'] === 'boolean'
      );
    case 'servers':
      return texts('servers');
    default:
      return false;
  }
}

function parsed(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what is no message. By hand: the schema library would be a third of the resolver's memory. */
export function toResolver(line: string): ToResolver | undefined {
  const value = parsed(line);
  if (value?.['kind'] === 'listen') {
    return isCount(value['id']) && isText(value['address'], 15) ? (value as unknown as ToResolver) : undefined;
  }
  if (value?.['kind'] !== 'change') return undefined;
  const { sequence, whole, put, remove, last } = value;
  const isChange =
    isCount(sequence) &&
    typeof whole === 'boolean' &&
    typeof last === 'boolean' &&
    Array.isArray(put) &&
    put.every(isRow) &&
    isTexts(remove, mostRows, rowLimits.id + 16);
  return isChange ? (value as unknown as ToResolver) : undefined;
}

/** Undefined for what is no message. */
export function fromResolver(line: string): FromResolver | undefined {
  const value = parsed(line);
  switch (value?.['kind']) {
    case 'hello':
      return isCount(value['protocol']) && typeof value['known'] === 'boolean'
        ? (value as unknown as FromResolver)
        : undefined;
    case 'applied':
      return isCount(value['sequence']) ? (value as unknown as FromResolver) : undefined;
    case 'listened': {
      const { id, refused } = value;
      const isRefusal = isFields(refused) && isText(refused['code'], 64) && isText(refused['message'], 4096);
      return isCount(id) && (refused === undefined || isRefusal) ? (value as unknown as FromResolver) : undefined;
    }
    default:
      return undefined;
  }
}

const bytesOfLine = 65_536;

/** A change as lines, each a message with a line feed. `put` and `remove` are JSON texts and keys. */
export function changeLines(change: {
  readonly sequence: number;
  readonly whole: boolean;
  readonly put: readonly string[];
  readonly remove: readonly string[];
}): readonly string[] {
  const { sequence, whole, put, remove } = change;
  const parts: { readonly put: string[]; readonly remove: string[] }[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  const into = (kind: 'put' | 'remove', text: string): void => {
    if (bytes + text.length > bytesOfLine) {
      parts.push({ put: [], remove: [] });
      bytes = 0;
    }
    parts.at(-1)?.[kind].push(text);
    bytes += text.length + 1;
  };
  for (const text of put) into('put', text);
  for (const key of remove) into('remove', JSON.stringify(key));
  if (parts.length === 0) parts.push({ put: [], remove: [] });
  return parts.map((part, index) => {
    const head = `{"kind":"change","sequence":${sequence},"whole":${whole},"last":${index === parts.length - 1}`;
    return `${head},"put":[${part.put.join(',')}],"remove":[${part.remove.join(',')}]}\n`;
  });
}
