import type { ComposeNode, MapNode } from '../source/node.ts';
import { mapValues } from '../source/node.ts';
import type { Path, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';
import type { Lookup } from './template.ts';
import { substitute } from './template.ts';

export interface Interpolated {
  readonly root: MapNode;
  readonly errors: readonly Problem[];
  /** A variable without value and default is replaced by nothing, as everywhere, but the user is told. */
  readonly warnings: readonly Problem[];
}

/** Replaces variables in every value (never in keys). Numbers and booleans are cast later, where a field asks for them. */
export function interpolate(root: MapNode, lookup: Lookup): Interpolated {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];

  const text = (node: ComposeNode & { kind: 'scalar' }, template: string, path: Path): ComposeNode => {
    const result = substitute(template, lookup);
    if (result.kind === 'failed') {
      errors.push(problem(node.at, path, result.reason));
      return node;
    }
    for (const name of result.unset) {
      warnings.push(problem(node.at, path, `the variable ${name} is not set; it is taken as empty`));
    }
    return result.text === template ? node : { ...node, value: result.text };
  };

  const visit = (node: ComposeNode, path: Path): ComposeNode => {
    switch (node.kind) {
      case 'scalar':
        return typeof node.value === 'string' ? text(node, node.value, path) : node;
      case 'list':
        return { ...node, items: node.items.map((item, index) => visit(item, [...path, index])) };
      case 'map':
        return mapValues(node, (value, key) => visit(value, [...path, key]));
    }
  };

  return { root: mapValues(root, (value, key) => visit(value, [key])), errors, warnings };
}
