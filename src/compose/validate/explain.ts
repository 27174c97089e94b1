import type { ErrorObject } from 'ajv';
import type { ComposeNode } from '../source/node.ts';
import { plain } from '../source/node.ts';
import type { Path } from '../source/problem.ts';
import { nearest } from './near.ts';

/** Words for what the schema found wrong: what stands there, and what may stand there. */
export const explain = { types, unknownKey, other };

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'empty',
};

function types(errors: readonly ErrorObject[], node: ComposeNode): string {
  const allowed = [...new Set(errors.flatMap((error) => [error.params['type'] as string | string[]].flat()))];
  const wanted = allowed.map((type) => typeNames[type] ?? type);
  const quotable = allowed.includes('string') && node.kind === 'scalar' && node.value !== null;
  return `must be ${either(wanted)}, not ${shown(node)}${quotable ? '; put it in quotes' : ''}`;
}

/** Where keys that people write in the wrong place belong. */
const elsewhere: Readonly<Record<string, string>> = {
  replicas: 'deploy.replicas',
  placement: 'deploy.placement',
  constraints: 'deploy.placement.constraints',
  resources: 'deploy.resources',
  restart_policy: 'deploy.restart_policy',
  update_config: 'deploy.update_config',
  memory: 'deploy.resources.limits.memory',
  dockerfile: 'build.dockerfile',
  net: 'network_mode',
  log_driver: 'logging.driver',
  log_opt: 'logging.options',
  volume_driver: 'driver of the volume under the top-level volumes',
};

function unknownKey(key: string, parent: Path, error: ErrorObject): string {
  if (parent.length === 0) return unknownTopLevel(key, error);
  const known = knownKeys(error);
  const collections: readonly (string | number | undefined)[] = [
    'services',
    'networks',
    'volumes',
    'configs',
    'secrets',
  ];
  if (known.length === 0 || (parent.length === 1 && collections.includes(parent[0]))) {
    return `the name ${JSON.stringify(key)} is not allowed; use letters, digits, ".", "_" and "-"`;
  }
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key; did you mean ${JSON.stringify(near)}?`;
  const place =
    parent.length === 2 && parent[0] === 'services' && Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
  if (place !== undefined) return `unknown key here; it belongs to ${place}`;
  return `unknown key${known.length > 12 ? '' : `; allowed are ${known.join(', ')}`}`;
}

function unknownTopLevel(key: string, error: ErrorObject): string {
  const known = knownKeys(error);
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key; did you mean ${JSON.stringify(near)}?`;
  return `unknown key; allowed are ${known.join(', ')} and names that begin with x- (services stand under "services:")`;
}

function knownKeys(error: ErrorObject): string[] {
  return Object.keys((error.parentSchema?.['properties'] as Record<string, unknown> | undefined) ?? {});
}

/** The key that a `required` error misses. */
export function missingKey(error: ErrorObject): string | undefined {
  return error.keyword === 'required' ? String(error.params['missingProperty']) : undefined;
}

function other(error: ErrorObject, node: ComposeNode): string {
  const missing = missingKey(error);
  if (missing !== undefined) return `the key ${JSON.stringify(missing)} is missing`;
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}, not ${shown(node)}`;
    case 'pattern':
      return `${shown(node)} does not have the form ${String(error.params['pattern'])}`;
    case 'uniqueItems':
      return `the entries ${twins(error).join(' and ')} are the same`;
    default:
      return `${error.message ?? 'is not valid'}, found ${shown(node)}`;
  }
}

/** Counted from 1, the earlier one first. */
function twins(error: ErrorObject): number[] {
  return [Number(error.params['i']) + 1, Number(error.params['j']) + 1].sort((a, b) => a - b);
}

function either(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'something else') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A value in a message: short, and never the inside of a collection, which may be secret. */
export function shown(node: ComposeNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  if (node.value === null) return 'nothing';
  const text = JSON.stringify(plain(node));
  return typeof node.value === 'string'
    ? text.length > 60
      ? `${text.slice(0, 60)}…"`
      : text
    : `the ${typeof node.value === 'number' ? 'number ' : 'value '}${text}`;
}
