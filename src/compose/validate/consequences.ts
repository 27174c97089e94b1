import type { ComposeNode, MapNode } from '../source/node.ts';
import { map, mapValues, replaceItems } from '../source/node.ts';
import { formatPath } from '../source/problem.ts';
import type { Path, Problem } from '../source/problem.ts';

/**
 * The file without what was found wrong in it, so that the checks that come after see only what they can judge. A
 * service or another resource that is wrong as a whole stays as an empty one: others may name it.
 */
export function withoutFaulty(root: MapNode, faults: readonly Problem[]): MapNode {
  if (faults.length === 0) return root;
  const faulty = new Set(faults.map(({ path }) => path));
  const clean = (node: ComposeNode, path: Path): ComposeNode | undefined => {
    if (faulty.has(formatPath(path))) return path.length === 2 ? map({}, node.at) : undefined;
    if (node.kind === 'map') return mapValues(node, (value, key) => clean(value, [...path, key]));
    if (node.kind !== 'list') return node;
    return replaceItems(node, (item, index) => {
      const kept = clean(item, [...path, index]);
      return kept === undefined ? [] : [kept];
    });
  };
  return mapValues(root, (value, key) => clean(value, [key]));
}

/** The faults without those that only say that something is missing where something wrong was taken out. */
export function withoutConsequences(faults: readonly Problem[], takenOut: readonly Problem[]): Problem[] {
  const paths = takenOut.map(({ path }) => path);
  const emptied = paths.filter((path) => parentOf(path) !== '' && parentOf(parentOf(path)) === '');
  const incomplete = new Set([...paths.map(parentOf), ...emptied]);
  return faults.filter(({ path }) => !incomplete.has(path));
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0));
}

/** Whether a whole section is wrong or unknown: nobody knows then which services, networks and so on there are. */
export function lacksSections(faults: readonly Problem[]): boolean {
  return faults.some(({ path }) => path !== '' && parentOf(path) === '');
}
