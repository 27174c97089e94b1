import type { Node } from '../../model/node.ts';
import { nodeName } from '../../model/node.ts';

/** Prefixes of Swarm mode's keys, which are understood too. */
const nodeLabels = 'node.labels.';
const engineLabels = 'engine.labels.';

/**
 * What a constraint's key stands for on a node: each of the values may match. `node` is its id, name or hostname; the rest
 * are classic Swarm's facts, Swarm mode's keys, and the labels of the node (which go first) and of its engine. A label
 * that is not there is empty.
 */
export const factsOf = (node: Node, key: string): readonly string[] => {
  const fixed = fixedFacts.get(key.toLowerCase());
  if (fixed !== undefined) return fixed(node);
  if (key.startsWith(nodeLabels)) return [labelOf(node.spec.labels, key.slice(nodeLabels.length)) ?? ''];
  const engine = node.description?.engine.labels;
  if (key.startsWith(engineLabels)) return [labelOf(engine, key.slice(engineLabels.length)) ?? ''];
  return [labelOf(node.spec.labels, key) ?? labelOf(engine, key) ?? ''];
};

const labelOf = (labels: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;

const fixedFacts = new Map<string, (node: Node) => readonly string[]>([
  ['node', (node) => [node.id, nodeName(node), node.description?.hostname ?? '']],
  ['node.id', (node) => [node.id]],
  ['node.hostname', (node) => [nodeName(node), node.description?.hostname ?? '']],
  ['node.role', (node) => [node.spec.role]],
  ['node.ip', (node) => [node.description?.address ?? '']],
  ['node.platform.os', (node) => [node.description?.platform.os ?? '']],
  ['node.platform.arch', (node) => [node.description?.platform.architecture ?? '']],
  ['storagedriver', (node) => [node.description?.engine.storageDriver ?? '']],
  // What engines called it before it was a plugin of its own; they have no other since.
  ['executiondriver', () => ['native']],
  ['kernelversion', (node) => [node.description?.engine.kernelVersion ?? '']],
  ['operatingsystem', (node) => [node.description?.engine.operatingSystem ?? '']],
]);
