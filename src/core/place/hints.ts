import type { PlacementHints, ReschedulePolicy } from '../../model/single-container.ts';
import { parseExpression } from './expression.ts';
import type { Expression } from './expression.ts';

/** What a request says of placing, in classic Swarm's ways. */
export interface FoundHints {
  readonly hints: PlacementHints;
  readonly reschedule: ReschedulePolicy;
  /** The environment without the hints. */
  readonly env: readonly string[];
}

export type HintsResult =
  | { readonly kind: 'hints'; readonly found: FoundHints }
  | { readonly kind: 'invalid'; readonly reason: string };

const labelPrefix = 'com.docker.swarm.';
const kinds = ['constraint', 'affinity', 'reschedule'] as const;
const labelOf = { constraint: 'constraints', affinity: 'affinities', reschedule: 'reschedule-policies' } as const;
const most = 256;

/**
 * Takes the hints from `-e constraint:…`, `-e affinity:…`, `-e reschedule:…` and from the labels
 * `com.docker.swarm.constraints`, `.affinities` and `.reschedule-policies` (JSON arrays). Labels stay, environment goes.
 */
export const findHints = (env: readonly string[], labels: Readonly<Record<string, string>>): HintsResult => {
  const found = { constraint: [] as string[], affinity: [] as string[], reschedule: [] as string[] };
  for (const kind of kinds) {
    const given = fromLabel(labels, `${labelPrefix}${labelOf[kind]}`);
    if (typeof given === 'string') return invalid(given);
    found[kind].push(...given);
  }
  const rest: string[] = [];
  for (const variable of env) {
    const kind = kinds.find((candidate) => variable.startsWith(`${candidate}:`));
    if (kind === undefined) rest.push(variable);
    else found[kind].push(variable.slice(kind.length + 1));
  }
  return check(found, rest);
};

const invalid = (reason: string): HintsResult => ({ kind: 'invalid', reason });

const fromLabel = (labels: Readonly<Record<string, string>>, name: string): readonly string[] | string => {
  const text = Object.hasOwn(labels, name) ? labels[name] : undefined;
  if (text === undefined || text === '') return [];
  try {
    const parsed = JSON.parse(text) as unknown;
    if (Array.isArray(parsed) && parsed.every((item) => typeof item === 'string')) return parsed;
  } catch {
    // As below.
  }
  return `the label ${name} is not a JSON array of strings: ${text.slice(0, 200)}`;
};

const check = (found: Record<(typeof kinds)[number], readonly string[]>, env: readonly string[]): HintsResult => {
  const { constraint: constraints, affinity: affinities, reschedule: policies } = found;
  if (constraints.length + affinities.length > most) return invalid(`more than ${most} constraints and affinities`);
  for (const text of [...constraints, ...affinities]) {
    const parsed = parseExpression(text);
    if (parsed.kind === 'invalid') return invalid(parsed.reason);
  }
  const policy = policyOf(policies);
  if (policy === undefined) return invalid(`invalid reschedule policy: ${policies.join(', ')}`);
  return { kind: 'hints', found: { hints: { constraints, affinities }, reschedule: policy, env } };
};

const policyOf = (policies: readonly string[]): ReschedulePolicy | undefined => {
  const [first = 'off', ...others] = new Set(policies);
  return others.length === 0 && (first === 'off' || first === 'on-node-failure') ? first : undefined;
};

/** Hints that were checked when they were found, parsed. */
export const expressionsOf = (texts: readonly string[]): readonly Expression[] =>
  texts.flatMap((text) => {
    const parsed = parseExpression(text);
    return parsed.kind === 'expression' ? [parsed.expression] : [];
  });
