import type { Path, Position } from './problem.ts';

/** What `!reset` and `!override` ask of a merge: to drop, or to replace, what earlier files said here. */
export type MergeTag = 'reset' | 'override';

export type ScalarValue = string | number | boolean | null;

interface Located {
  readonly at: Position;
  /** Its place in the list of its file, where entries before it were taken out or became several. */
  readonly index?: number;
  readonly tag?: MergeTag;
}

export interface ScalarNode extends Located {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
}

export interface ListNode extends Located {
  readonly kind: 'list';
  readonly items: readonly ComposeNode[];
}

/** A mapping remembers where each key stands, because most faults are told at the key. */
export interface MapNode extends Located {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyAt: Position;
  readonly value: ComposeNode;
}

/** A YAML value that knows its file, line and column; everything up to the model works on these. */
export type ComposeNode = ScalarNode | ListNode | MapNode;

export type Plain = ScalarValue | readonly Plain[] | { readonly [key: string]: Plain };

export function scalar(value: ScalarValue, at: Position): ScalarNode {
  return { kind: 'scalar', value, at };
}

export function list(items: readonly ComposeNode[], at: Position): ListNode {
  return { kind: 'list', items, at };
}

/** Builds a map from values; a key stands where its value stands. Undefined values are left out. */
export function map(values: Readonly<Record<string, ComposeNode | undefined>>, at: Position): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) entries.set(key, { keyAt: value.at, value });
  }
  return { kind: 'map', entries, at };
}

/** The same map with one entry put in (or, with undefined, taken out). */
export function withEntry(node: MapNode, key: string, value: ComposeNode | undefined): MapNode {
  const entries = new Map(node.entries);
  if (value === undefined) entries.delete(key);
  else entries.set(key, { keyAt: node.entries.get(key)?.keyAt ?? value.at, value });
  return { ...node, entries };
}

/** The same map with every value passed through `change`; what becomes undefined is left out. */
export function mapValues(
  node: MapNode,
  change: (value: ComposeNode, key: string) => ComposeNode | undefined,
): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, { keyAt, value }] of node.entries) {
    const changed = change(value, key);
    if (changed !== undefined) entries.set(key, { keyAt, value: changed });
  }
  return { ...node, entries };
}

export function child(node: ComposeNode | undefined, key: string): ComposeNode | undefined {
  return node?.kind === 'map' ? node.entries.get(key)?.value : undefined;
}

export function mapChild(node: ComposeNode | undefined, key: string): MapNode | undefined {
  const found = child(node, key);
  return found?.kind === 'map' ? found : undefined;
}

/** Key and value pairs of a map; none of anything else. */
export function pairs(node: ComposeNode | undefined): readonly (readonly [string, ComposeNode])[] {
  return node?.kind === 'map' ? [...node.entries].map(([key, entry]) => [key, entry.value] as const) : [];
}

export function items(node: ComposeNode | undefined): readonly ComposeNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** The entries of a list, each with its place in the list of its file. */
export function numbered(node: ComposeNode | undefined): readonly (readonly [number, ComposeNode])[] {
  return items(node).map((item, position) => [item.index ?? position, item]);
}

/** A list whose entries become any number of others, which keep the place of the one that they come from. */
export function replaceItems(
  node: ListNode,
  change: (item: ComposeNode, index: number) => readonly ComposeNode[],
): ListNode {
  const changed = numbered(node).flatMap(([index, item]) => change(item, index).map((one) => ({ ...one, index })));
  return { ...node, items: changed };
}

/** A scalar as text, in the way Compose writes numbers and booleans; null and collections are undefined. */
export function textOf(node: ComposeNode | undefined): string | undefined {
  return node?.kind !== 'scalar' || node.value === null ? undefined : String(node.value);
}

/** The value without its places. */
export function plain(node: ComposeNode): Plain {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value)]));
  }
}

/** The node at a path, as far as it exists: the deepest node on the way otherwise. */
export function nodeAt(root: ComposeNode, path: Path): ComposeNode {
  let node = root;
  for (const step of path) {
    const next = node.kind === 'list' ? node.items[Number(step)] : child(node, String(step));
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** The path that a place in the tree has in its file: entries of lists by their places there, all keys as texts. */
export function pathInFile(root: ComposeNode, path: Path): Path {
  const found: (string | number)[] = [];
  let node: ComposeNode | undefined = root;
  for (const step of path) {
    const next: ComposeNode | undefined = node?.kind === 'list' ? node.items[Number(step)] : child(node, String(step));
    found.push(node?.kind === 'list' ? (next?.index ?? step) : String(step));
    node = next;
  }
  return found;
}

/** The place of the key at the end of a path, or of the value where it stands in a list. */
export function keyPosition(root: ComposeNode, path: Path): Position {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  const entry = parent.kind === 'map' && last !== undefined ? parent.entries.get(String(last)) : undefined;
  return entry?.keyAt ?? nodeAt(root, path).at;
}

/** One text for all nodes that say the same, wherever they stand. */
export function valueText(node: ComposeNode): string {
  return JSON.stringify(plain(node));
}
