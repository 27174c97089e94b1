import { dirname } from 'node:path/posix';
import { withEnvFiles } from '../environment/environment.ts';
import { mergeFiles } from '../merge/merge.ts';
import { absolute, displayName } from '../session.ts';
import type { ComposeNode, MapEntry, MapNode } from '../source/node.ts';
import { child, items, mapChild, textOf, valueText, withEntry } from '../source/node.ts';
import type { Path, Position } from '../source/problem.ts';
import { resolveExtends } from './extends.ts';
import type { Prepared, Scope } from './prepare.ts';
import { prepareFile } from './prepare.ts';

const sections = ['services', 'networks', 'volumes', 'secrets', 'configs', 'models'] as const;

interface Named {
  readonly at: Position | null;
  readonly path: Path;
}

/**
 * Files merged into one, each with what it extends and includes. Undefined when none of them could be read.
 * @param chain The files that include these, outermost first, to find circles.
 */
export async function loadFiles(
  scope: Scope,
  paths: readonly string[],
  named: Named = { at: null, path: [] },
  chain: readonly string[] = [],
): Promise<MapNode | undefined> {
  const documents: Prepared[] = [];
  for (const path of paths) documents.push(...(await prepareFile(scope, path, named)));
  const roots: MapNode[] = [];
  for (const document of documents) {
    const extended = await resolveExtends(document);
    roots.push(await resolveIncludes(extended, [...chain, ...paths]));
  }
  const merged = mergeFiles(roots);
  const [first] = roots;
  if (merged === undefined && first !== undefined) {
    scope.session.fail(first.at, named.path, 'nothing is left of the file: all of it is to be reset');
  }
  return merged;
}

/** A document with the resources of the files that it includes, each of them a project of its own before. */
async function resolveIncludes(document: Prepared, chain: readonly string[]): Promise<MapNode> {
  const { session } = document.scope;
  let result = withEntry(document.root, 'include', undefined);
  for (const [index, entry] of items(child(document.root, 'include')).entries()) {
    const named: Named = { at: entry.at, path: ['include', index] };
    const scope = await includeScope(document.scope, entry, named);
    if (scope === undefined) continue;
    const circle = scope.paths.find((path) => chain.includes(path));
    if (circle !== undefined) {
      const loop = [...chain, circle].map((path) => displayName(session, path)).join(' → ');
      session.tear();
      session.fail(named.at, named.path, `the files include one another in a circle: ${loop}`);
      continue;
    }
    const included = await loadFiles(scope, scope.paths, named, chain);
    if (included !== undefined) result = addResources(document.scope, result, included, named);
  }
  return result;
}

async function includeScope(
  scope: Scope,
  entry: ComposeNode,
  named: Named,
): Promise<(Scope & { readonly paths: readonly string[] }) | undefined> {
  const { session } = scope;
  const listed = textsOf(child(entry, 'path'));
  const remote = listed.find((path) => /^(?:oci|git|https?|ssh):|^git@/.test(path));
  if (remote !== undefined) {
    session.tear();
    session.fail(named.at, named.path, `${JSON.stringify(remote)} is not a local file; fetch it and include the copy`);
    return undefined;
  }
  const paths = listed.map((path) => absolute(scope.directory, path));
  const first = paths[0];
  if (first === undefined) {
    session.tear();
    session.fail(named.at, named.path, 'the key "path" is missing');
    return undefined;
  }
  const given = textOf(child(entry, 'project_directory'));
  const directory = given === undefined ? dirname(first) : absolute(scope.directory, given);
  const envFiles = textsOf(child(entry, 'env_file'));
  const files =
    envFiles.length === 0
      ? [{ path: absolute(directory, '.env'), required: false }]
      : envFiles.map((path) => ({ path: absolute(scope.directory, path), required: path !== '/dev/null' }));
  const references = files.map((file) => ({ ...file, at: named.at, where: named.path }));
  const environment = await withEnvFiles(session, scope.environment, references);
  return { session, directory, environment, paths };
}

function textsOf(node: ComposeNode | undefined): string[] {
  const one = textOf(node);
  return one === undefined ? items(node).flatMap((item) => textOf(item) ?? []) : [one];
}

/** Included resources join the file's own; the same name for two different things is a mistake. */
function addResources({ session }: Scope, root: MapNode, included: MapNode, named: Named): MapNode {
  let result = root;
  for (const section of sections) {
    const incoming = mapChild(included, section);
    if (incoming === undefined) continue;
    const own = mapChild(result, section);
    const entries = new Map<string, MapEntry>(own?.entries);
    for (const [name, entry] of incoming.entries) {
      const known = entries.get(name);
      if (known !== undefined && valueText(known.value) !== valueText(entry.value)) {
        const place = `${entry.keyAt.file}:${entry.keyAt.line}`;
        const message = `${section}.${name} conflicts with the one included from ${place}`;
        session.fail(known.keyAt, named.path, message);
      } else entries.set(name, entry);
    }
    result = withEntry(result, section, { kind: 'map', entries, at: own?.at ?? incoming.at });
  }
  return result;
}
