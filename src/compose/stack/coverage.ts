import type { ComposeNode, MapNode } from '../source/node.ts';
import { keyPosition } from '../source/node.ts';
import type { Path, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';
import type { Treatment } from './keys.ts';
import { keyTable } from './keys.ts';

/** The treatment of a key, whose list indexes and names of the user's choice are `*`; undefined when the table has none. */
export function treatmentOf(pattern: readonly string[]): Treatment | undefined {
  const key = pattern.join('.');
  return Object.hasOwn(keyTable, key) ? keyTable[key] : undefined;
}

/** A warning for every key of the project that is ignored, at its line. */
export function ignoredKeys(root: MapNode): Problem[] {
  const found: Problem[] = [];
  const visit = (node: ComposeNode, path: Path, pattern: readonly string[]): void => {
    const treatment = treatmentOf(pattern);
    if (treatment !== undefined && treatment !== 'acted on') {
      found.push(problem(keyPosition(root, path), path, `ignored: ${treatment.ignored}`));
      return;
    }
    if (node.kind === 'list') {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index], [...pattern, '*']);
    }
    if (node.kind !== 'map') return;
    for (const [key, { value }] of node.entries) {
      const known = treatmentOf([...pattern, key]) !== undefined;
      const anyName = treatmentOf([...pattern, '*']) !== undefined;
      if (key.startsWith('x-') && !known && !anyName) continue;
      visit(value, [...path, key], [...pattern, known ? key : '*']);
    }
  };
  visit(root, [], []);
  return found;
}
