import type { Node } from '../../model/node.ts';

/** Something of a node that constraints compare and preferences spread over. A value that is not there is ''. */
export interface Attribute {
  readonly kind: 'text' | 'address' | 'architecture';
  /** In the case that the documentation has; label names keep theirs. */
  readonly key: string;
  readonly read: (node: Node) => string;
}

/** What engines say and what images say, as one word: engines tell the kernel's name of the machine. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
  armv6l: 'arm',
  armv7l: 'arm',
};

/** `x86_64` → `amd64`, and so on; other words are lower-cased only. */
export const normalArchitecture = (name: string): string => {
  const word = name.toLowerCase();
  return architectures[word] ?? word;
};

const fixed: readonly Attribute[] = [
  { kind: 'text', key: 'node.id', read: (node) => node.id },
  { kind: 'text', key: 'node.hostname', read: (node) => node.description?.hostname ?? '' },
  { kind: 'text', key: 'node.role', read: (node) => node.spec.role },
  { kind: 'address', key: 'node.ip', read: (node) => node.description?.address ?? '' },
  { kind: 'text', key: 'node.platform.os', read: (node) => node.description?.platform.os ?? '' },
  {
    kind: 'architecture',
    key: 'node.platform.arch',
    read: (node) => normalArchitecture(node.description?.platform.architecture ?? ''),
  },
];

const labelled = [
  { prefix: 'node.labels.', read: (node: Node, label: string) => node.spec.labels?.[label] ?? '' },
  { prefix: 'engine.labels.', read: (node: Node, label: string) => node.description?.engine.labels?.[label] ?? '' },
] as const;

/** Every key there is, for messages. */
export const attributeKeys: readonly string[] = [
  ...fixed.map(({ key }) => key),
  ...labelled.map(({ prefix }) => `${prefix}NAME`),
];

/** The attribute of a key, without regard to case except for the name of a label. Undefined for an unknown key. */
export const parseAttribute = (key: string): Attribute | undefined => {
  const lower = key.toLowerCase();
  for (const { prefix, read } of labelled) {
    if (lower.length <= prefix.length || !lower.startsWith(prefix)) continue;
    const label = key.slice(prefix.length);
    return { kind: 'text', key: prefix + label, read: (node) => read(node, label) };
  }
  return fixed.find((attribute) => attribute.key === lower);
};
