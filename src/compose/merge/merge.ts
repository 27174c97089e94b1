import type { ComposeNode, ListNode, MapEntry, MapNode } from '../source/node.ts';
import { child, mapValues, replaceItems, textOf } from '../source/node.ts';
import type { Path } from '../source/problem.ts';
import { append, ruleFor, unite } from './rules.ts';

/**
 * What `over` makes of `base`, by the Compose rules; both in canonical form. Undefined when `over` resets it. `path` is
 * the place of both in a Compose file, which decides on the rule.
 */
export function merge(base: ComposeNode, over: ComposeNode, path: Path = []): ComposeNode | undefined {
  if (over.tag === 'reset') return undefined;
  if (over.tag === 'override') return settle(over);
  const rule = ruleFor(path);
  if (rule?.kind === 'replace') return settle(over);
  if (over.kind === 'scalar' && over.value === null && base.kind !== 'scalar') return base;
  if (over.kind === 'map' && base.kind === 'map') {
    return rule?.kind === 'logging' ? mergeLogging(base, over, path) : mergeMaps(base, over, path);
  }
  if (over.kind === 'list' && base.kind === 'list') {
    const settled = settleList(over);
    const merged =
      rule?.kind === 'unite' ? unite(base.items, settled.items, rule.key) : append(base.items, settled.items);
    return { ...settled, items: merged };
  }
  return settle(over);
}

/** Merges whole files, the later over the earlier. */
export function mergeFiles(roots: readonly MapNode[]): MapNode | undefined {
  let result: MapNode | undefined;
  for (const root of roots) {
    const next = result === undefined ? settle(root) : merge(result, root);
    if (next?.kind === 'map') result = next;
  }
  return result;
}

/** Takes out what is to be reset where there is nothing to reset, and the tags that have done their work. */
export function settle(node: ComposeNode): ComposeNode | undefined {
  if (node.tag === 'reset') return undefined;
  switch (node.kind) {
    case 'scalar':
      return node.tag === undefined ? node : { kind: 'scalar', value: node.value, at: node.at };
    case 'list':
      return settleList(node);
    case 'map':
      return { kind: 'map', entries: mapValues(node, settle).entries, at: node.at };
  }
}

function settleList(node: ListNode): ListNode {
  const settled = replaceItems(node, (item) => {
    const kept = settle(item);
    return kept === undefined ? [] : [kept];
  });
  return { kind: 'list', items: settled.items, at: node.at };
}

function mergeMaps(base: MapNode, over: MapNode, path: Path): MapNode {
  const entries = new Map<string, MapEntry>(base.entries);
  for (const [key, { keyAt, value }] of over.entries) {
    const before = entries.get(key)?.value;
    const merged = before === undefined ? settle(value) : merge(before, value, [...path, key]);
    if (merged === undefined) entries.delete(key);
    else entries.set(key, { keyAt, value: merged });
  }
  return { kind: 'map', entries, at: over.at };
}

/** Options belong to a driver: another driver brings its own, and the earlier ones' go. */
function mergeLogging(base: MapNode, over: MapNode, path: Path): MapNode {
  const before = textOf(child(base, 'driver'));
  const after = textOf(child(over, 'driver'));
  if (after === undefined || before === undefined || after === before) return mergeMaps(base, over, path);
  const settled = settle(over);
  return settled?.kind === 'map' ? settled : over;
}
