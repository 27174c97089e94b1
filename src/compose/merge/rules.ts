import type { ComposeNode } from '../source/node.ts';
import { child, textOf, valueText } from '../source/node.ts';
import type { Path } from '../source/problem.ts';

/**
 * How a later value meets an earlier one: `replace` it, or `unite` two lists in which entries with the same key are
 * the same thing, so that the later one takes its place. Without a rule mappings are merged and lists appended.
 */
export type Rule =
  | { readonly kind: 'replace' }
  | { readonly kind: 'unite'; readonly key: (entry: ComposeNode) => string }
  | { readonly kind: 'logging' };

const replace: Rule = { kind: 'replace' };
const by = (...keys: readonly string[]): Rule => ({
  kind: 'unite',
  key: (entry) => keys.map((key) => textOf(child(entry, key)) ?? '').join('|'),
});
const byTarget: Rule = {
  kind: 'unite',
  key: (entry) => textOf(child(entry, 'target')) ?? textOf(child(entry, 'source')) ?? '',
};

/** Where the specification's "Merge" chapter departs from merging mappings and appending lists; `*` is any name. */
const rules: Readonly<Record<string, Rule>> = {
  'services.*.command': replace,
  'services.*.entrypoint': replace,
  'services.*.healthcheck.test': replace,
  'services.*.environment.*': replace,
  'services.*.build.args.*': replace,
  'services.*.logging': { kind: 'logging' },
  'services.*.ports': by('host_ip', 'published', 'target', 'protocol'),
  'services.*.volumes': by('target'),
  'services.*.devices': by('target'),
  'services.*.secrets': byTarget,
  'services.*.configs': byTarget,
  'services.*.build.secrets': byTarget,
  'services.*.env_file': by('path'),
  'networks.*.ipam.config': by('subnet'),
};

export function ruleFor(path: Path): Rule | undefined {
  for (const [pattern, rule] of Object.entries(rules)) if (matches(pattern.split('.'), path)) return rule;
  return undefined;
}

function matches(pattern: readonly string[], path: Path): boolean {
  return pattern.length === path.length && pattern.every((step, index) => step === '*' || step === path[index]);
}

/** The earlier entries, then those of the later list that are not there yet. */
export function append(base: readonly ComposeNode[], over: readonly ComposeNode[]): ComposeNode[] {
  const known = new Set(base.map(valueText));
  return [...base, ...over.filter((entry) => !known.has(valueText(entry)))];
}

/** The earlier entries, each replaced by a later one with the same key; then the rest of the later list. */
export function unite(
  base: readonly ComposeNode[],
  over: readonly ComposeNode[],
  key: (entry: ComposeNode) => string,
): ComposeNode[] {
  const later = new Map(over.map((entry) => [key(entry), entry]));
  const known = new Set(base.map(key));
  return [...base.map((entry) => later.get(key(entry)) ?? entry), ...over.filter((entry) => !known.has(key(entry)))];
}
