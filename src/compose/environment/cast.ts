import { parseBoolean, parseInteger } from '../scalars/quantities.ts';
import type { ComposeNode, MapNode } from '../source/node.ts';

type Cast = 'boolean' | 'integer' | 'text';

/**
 * The few places where the schema takes no text although a variable, which is text, may stand there; and `version`,
 * which old files give as a number. All other fields accept text and are read by what they mean.
 */
const casts: readonly (readonly [pattern: readonly string[], cast: Cast])[] = [
  [['version'], 'text'],
  [['services', '*', 'depends_on', '*', 'required'], 'boolean'],
  [['services', '*', 'use_api_socket'], 'boolean'],
  [['services', '*', 'develop', 'watch', '*', 'initial_sync'], 'boolean'],
  [['services', '*', 'networks', '*', 'priority'], 'integer'],
  [['services', '*', 'networks', '*', 'gw_priority'], 'integer'],
  [['services', '*', 'cpu_count'], 'integer'],
  [['services', '*', 'cpu_percent'], 'integer'],
  [['services', '*', 'oom_score_adj'], 'integer'],
  [['models', '*', 'context_size'], 'integer'],
];

/** Turns texts into the numbers and booleans that they stand for, where the schema asks for those. */
export function castValues(root: MapNode): MapNode {
  let result: ComposeNode = root;
  for (const [pattern, cast] of casts) result = castAt(result, pattern, cast);
  return result.kind === 'map' ? result : root;
}

function castAt(node: ComposeNode, [step, ...rest]: readonly string[], cast: Cast): ComposeNode {
  if (step === undefined) return castScalar(node, cast);
  if (node.kind === 'list' && step === '*') return { ...node, items: node.items.map((one) => castAt(one, rest, cast)) };
  if (node.kind !== 'map') return node;
  const entries = new Map(node.entries);
  for (const [key, entry] of node.entries) {
    if (step === '*' || step === key) entries.set(key, { ...entry, value: castAt(entry.value, rest, cast) });
  }
  return { ...node, entries };
}

function castScalar(node: ComposeNode, cast: Cast): ComposeNode {
  if (node.kind !== 'scalar') return node;
  const { value } = node;
  if (cast === 'text') return typeof value === 'number' ? { ...node, value: String(value) } : node;
  if (typeof value !== 'string') return node;
  if (cast === 'boolean') return { ...node, value: parseBoolean(value) ?? value };
  const number = parseInteger(value);
  return number.kind === 'value' ? { ...node, value: number.value } : node;
}
