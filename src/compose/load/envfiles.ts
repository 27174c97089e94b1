import type { Environment } from '../environment/environment.ts';
import type { Dotenv } from '../environment/dotenv.ts';
import { parseDotenv, parseRawEnv } from '../environment/dotenv.ts';
import { parseBoolean } from '../scalars/quantities.ts';
import type { Session } from '../session.ts';
import { displayName, readText } from '../session.ts';
import type { ComposeNode, MapEntry, MapNode } from '../source/node.ts';
import { child, items, mapChild, scalar, textOf, withEntry } from '../source/node.ts';
import type { Path } from '../source/problem.ts';

/** Services with the variables and labels of their `env_file` and `label_file` put below those in the file itself. */
export async function applyEnvFiles(session: Session, root: MapNode, environment: Environment): Promise<MapNode> {
  const services = mapChild(root, 'services');
  if (services === undefined) return root;
  let result = services;
  for (const [name, { value }] of services.entries) {
    if (value.kind !== 'map') continue;
    const path = ['services', name];
    const withVariables = await below(session, value, environment, { file: 'env_file', target: 'environment', path });
    const whole = await below(session, withVariables, environment, { file: 'label_file', target: 'labels', path });
    result = withEntry(result, name, whole);
  }
  return withEntry(root, 'services', result);
}

interface Kind {
  readonly file: 'env_file' | 'label_file';
  readonly target: 'environment' | 'labels';
  readonly path: Path;
}

async function below(session: Session, service: MapNode, environment: Environment, kind: Kind): Promise<MapNode> {
  const references = items(child(service, kind.file));
  if (references.length === 0) return service;
  const entries = new Map<string, MapEntry>();
  for (const [index, reference] of references.entries()) {
    const values = await readReference(session, reference, environment, [...kind.path, kind.file, index]);
    for (const [key, value] of values) entries.set(key, { keyAt: reference.at, value: scalar(value, reference.at) });
  }
  const own = mapChild(service, kind.target);
  for (const [key, entry] of own?.entries ?? []) entries.set(key, entry);
  const target: MapNode = { kind: 'map', entries, at: own?.at ?? service.at };
  return withEntry(withEntry(service, kind.target, target), kind.file, undefined);
}

async function readReference(
  session: Session,
  reference: ComposeNode,
  environment: Environment,
  where: Path,
): Promise<Dotenv['values']> {
  const path = textOf(reference) ?? textOf(child(reference, 'path')) ?? '';
  const required = parseBoolean(textOf(child(reference, 'required')) ?? 'true') ?? true;
  const format = textOf(child(reference, 'format'));
  if (format !== undefined && format !== 'raw') {
    session.fail(child(reference, 'format')?.at ?? reference.at, [...where, 'format'], 'the only format is "raw"');
  }
  if (!required && (await session.read(path)).kind === 'missing') return new Map();
  const text = await readText(session, path, { at: reference.at, path: where });
  if (text === undefined) return new Map();
  const { values, faults } = format === 'raw' ? parseRawEnv(text) : parseDotenv(text, (name) => environment.get(name));
  const file = displayName(session, path);
  for (const { line, message } of faults) session.fail({ file, line, column: 1 }, where, message);
  return values;
}
