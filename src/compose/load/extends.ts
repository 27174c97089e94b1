import { dirname } from 'node:path/posix';
import { merge, settle } from '../merge/merge.ts';
import { absolute, displayName } from '../session.ts';
import type { MapNode } from '../source/node.ts';
import { child, map, mapChild, pairs, textOf, withEntry } from '../source/node.ts';
import { mergeFiles } from '../merge/merge.ts';
import type { Prepared } from './prepare.ts';
import { prepareFile } from './prepare.ts';

/** A document whose services have taken over what they extend, from the same document or from other files. */
export async function resolveExtends(document: Prepared): Promise<Prepared> {
  const services = mapChild(document.root, 'services');
  if (services === undefined) return document;
  const files = new Map<string, Promise<Prepared | undefined>>();
  let resolved = services;
  for (const [name] of services.entries) {
    const service = await resolveService({ document, files }, name, []);
    if (service !== undefined) resolved = withEntry(resolved, name, service);
  }
  return { ...document, root: withEntry(document.root, 'services', resolved) };
}

interface Extending {
  readonly document: Prepared;
  /** Other files by absolute path, each read once. */
  readonly files: Map<string, Promise<Prepared | undefined>>;
}

async function resolveService(
  extending: Extending,
  name: string,
  chain: readonly string[],
): Promise<MapNode | undefined> {
  const { document, files } = extending;
  const { session, directory } = document.scope;
  const service = mapChild(mapChild(document.root, 'services'), name);
  const reference = mapChild(service, 'extends');
  if (service === undefined || reference === undefined) return service;
  const path = ['services', name, 'extends'];
  const link = `${displayName(session, document.path)}: ${name}`;
  if (chain.includes(link)) {
    const loop = [...chain.slice(chain.indexOf(link)), link].join(' → ');
    session.tear();
    session.fail(reference.at, path, `the services extend one another in a circle: ${loop}`);
    return withEntry(service, 'extends', undefined);
  }
  const fileNode = child(reference, 'file');
  const fileName = textOf(fileNode);
  const otherPath = fileName === undefined ? document.path : absolute(directory, fileName);
  const other = otherPath === document.path ? document : await otherFile(extending, otherPath, reference, path);
  if (other === undefined) return withEntry(service, 'extends', undefined);
  const baseName = textOf(child(reference, 'service')) ?? '';
  const base = await resolveService({ document: other, files }, baseName, [...chain, link]);
  if (base === undefined) {
    const known = pairs(child(other.root, 'services')).map(([one]) => one);
    const place = fileName === undefined ? 'this file' : displayName(session, other.path);
    session.tear();
    session.fail(
      child(reference, 'service')?.at ?? reference.at,
      path,
      `there is no service ${JSON.stringify(baseName)} in ${place}; it has ${known.join(', ') || 'none'}`,
    );
  }
  const own = withEntry(service, 'extends', undefined);
  const merged = base === undefined ? own : merge(settle(base) ?? map({}, base.at), own, ['services', name]);
  return merged?.kind === 'map' ? withEntry(merged, 'extends', undefined) : own;
}

/** Another file, read with its own directory as the start of its relative paths. */
async function otherFile(
  { document, files }: Extending,
  path: string,
  reference: MapNode,
  where: readonly string[],
): Promise<Prepared | undefined> {
  const read = async (): Promise<Prepared | undefined> => {
    const scope = { ...document.scope, directory: dirname(path) };
    const prepared = await prepareFile(scope, path, {
      at: child(reference, 'file')?.at ?? reference.at,
      path: [...where, 'file'],
    });
    const root = mergeFiles(prepared.map((one) => one.root));
    return root === undefined ? undefined : { path, root, scope };
  };
  const known = files.get(path) ?? read();
  files.set(path, known);
  return known;
}
