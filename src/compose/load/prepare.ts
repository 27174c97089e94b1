import { canonicalFile } from '../canonical/file.ts';
import { castValues } from '../environment/cast.ts';
import type { Environment } from '../environment/environment.ts';
import { lookupIn } from '../environment/environment.ts';
import { interpolate } from '../environment/interpolate.ts';
import type { Session } from '../session.ts';
import { displayName, readText } from '../session.ts';
import type { ComposeNode, MapNode } from '../source/node.ts';
import { mapValues, replaceItems } from '../source/node.ts';
import { parseYaml } from '../source/parse.ts';
import type { Path, Position } from '../source/problem.ts';
import { withoutConsequences, withoutFaulty } from '../validate/consequences.ts';
import { validateSchema } from '../validate/schema.ts';
import { upgrade } from './legacy.ts';

/** Where files are read for: the directory that relative paths start from, and the variables in force. */
export interface Scope {
  readonly session: Session;
  readonly directory: string;
  readonly environment: Environment;
}

/** One YAML document of a file, valid by itself, in long forms. */
export interface Prepared {
  /** Absolute, or `-`. */
  readonly path: string;
  readonly root: MapNode;
  readonly scope: Scope;
}

/** Reads a file up to the form in which files are merged. What is wrong goes to the session; then there is no document. */
export async function prepareFile(
  scope: Scope,
  path: string,
  named: { readonly at: Position | null; readonly path: Path } = { at: null, path: [] },
): Promise<readonly Prepared[]> {
  const { session } = scope;
  const text = await readText(session, path, named);
  if (text === undefined) {
    session.tear();
    return [];
  }
  const { roots, problems } = parseYaml(text, displayName(session, path));
  session.errors.push(...problems);
  if (roots.length === 0 || problems.length > 0) session.tear();
  if (roots.length === 0 && problems.length === 0) {
    session.fail({ file: displayName(session, path), line: 1, column: 1 }, [], 'the file is empty');
  }
  return roots.map((root) => prepareRoot(scope, path, root));
}

/** What is wrong is told and left out, so that the rest can be looked at too. */
function prepareRoot(scope: Scope, path: string, root: MapNode): Prepared {
  const { session, directory, environment } = scope;
  const lookup = lookupIn(environment);
  const interpolated = interpolate(root, lookup);
  session.errors.push(...interpolated.errors);
  session.warnings.push(...interpolated.warnings);
  const { root: upgraded, warnings } = upgrade(castValues(withoutFaulty(interpolated.root, interpolated.errors)));
  session.warnings.push(...warnings);
  const faults = validateSchema(withoutResets(upgraded), { partial: true });
  session.errors.push(...withoutConsequences(faults, interpolated.errors));
  const canonical = canonicalFile(withoutFaulty(upgraded, faults), { directory, lookup, report: session.fail });
  return { path, root: canonical, scope };
}

/** What is to be reset need not be valid: `ports: !reset null`. */
function withoutResets(root: MapNode): MapNode {
  const clean = (node: ComposeNode): ComposeNode | undefined => {
    if (node.tag === 'reset') return undefined;
    if (node.kind === 'map') return mapValues(node, clean);
    if (node.kind !== 'list') return node;
    return replaceItems(node, (item) => {
      const kept = clean(item);
      return kept === undefined ? [] : [kept];
    });
  };
  return mapValues(root, clean);
}
