import type { Environment } from '../environment/environment.ts';
import type { Session } from '../session.ts';
import { displayName } from '../session.ts';
import type { MapNode } from '../source/node.ts';
import { child, mapChild, pairs, textOf } from '../source/node.ts';
import type { Path } from '../source/problem.ts';
import { isExternal } from './external.ts';

/** Swarm's limits, in bytes. */
const largest = { secrets: 500_000, configs: 1_000_000 } as const;

/** The data of every secret and config that the stack itself brings, by `<section>.<key>`. */
export async function readContents(
  session: Session,
  root: MapNode,
  environment: Environment,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const section of ['secrets', 'configs'] as const) {
    for (const [name, node] of pairs(mapChild(root, section))) {
      if (node.kind !== 'map' || isExternal(node)) continue;
      const path = [section, name];
      const bytes = await readContent(session, node, environment, path);
      if (bytes === undefined) continue;
      if (bytes.length > largest[section]) {
        session.fail(node.at, path, `has ${bytes.length} bytes of data; at most ${largest[section]} are allowed`);
      }
      contents.set(`${section}.${name}`, bytes);
    }
  }
  return contents;
}

const sources = ['file', 'content', 'environment'] as const;

async function readContent(
  session: Session,
  node: MapNode,
  environment: Environment,
  path: Path,
): Promise<Uint8Array | undefined> {
  const given = sources.filter((source) => child(node, source) !== undefined);
  const [source] = given;
  if (source === undefined || given.length > 1) {
    const allowed = path[0] === 'configs' ? 'file, content, environment or external' : 'file, environment or external';
    const found = given.length === 0 ? 'has none of them' : `has ${given.join(' and ')}`;
    session.fail(node.at, path, `needs exactly one of ${allowed}; it ${found}`);
    return undefined;
  }
  const value = textOf(child(node, source)) ?? '';
  if (source === 'content') return new TextEncoder().encode(value);
  const at = child(node, source)?.at ?? node.at;
  if (source === 'environment') {
    const found = environment.get(value);
    if (found === undefined) session.fail(at, [...path, source], `the variable ${value} is not set`);
    return found === undefined ? undefined : new TextEncoder().encode(found);
  }
  const content = await session.read(value);
  if (content.kind === 'content') return content.bytes;
  const reason = content.kind === 'missing' ? 'does not exist' : `cannot be read: ${content.reason}`;
  session.fail(at, [...path, source], `the file ${displayName(session, value)} ${reason}`);
  return undefined;
}
