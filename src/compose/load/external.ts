import { parseBoolean } from '../scalars/quantities.ts';
import type { ComposeNode } from '../source/node.ts';
import { child, textOf } from '../source/node.ts';

/** True for a network, volume, secret or config that something else than the stack brings. */
export function isExternal(node: ComposeNode): boolean {
  return parseBoolean(textOf(child(node, 'external')) ?? 'false') ?? false;
}
