import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, numbered, pairs, textOf } from '../source/node.ts';
import type { Path, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';
import { parseBoolean } from '../scalars/quantities.ts';
import { nearest } from './near.ts';

/** What names something that the project does not have. */
export function undefinedReferences(root: MapNode): Problem[] {
  return pairs(child(root, 'services')).flatMap(([name, service]) =>
    referencesOf(service, ['services', name]).flatMap((reference) => missing(root, reference)),
  );
}

interface Reference {
  readonly section: string;
  readonly name: string;
  readonly node: ComposeNode;
  readonly path: Path;
}

function missing(root: MapNode, { section, name, node, path }: Reference): Problem[] {
  const known = pairs(child(root, section)).map(([one]) => one);
  if (known.includes(name)) return [];
  const near = nearest(name, known);
  const hint =
    near !== undefined
      ? `; did you mean ${JSON.stringify(near)}?`
      : section === 'services'
        ? '; no such service, or its profile is not active'
        : `; define it under the top-level "${section}"`;
  const singular = section.slice(0, -1);
  return [problem(node.at, path, `the ${singular} ${JSON.stringify(name)} is not defined${hint}`)];
}

function referencesOf(service: ComposeNode, path: Path): Reference[] {
  const found: Reference[] = [];
  const add = (section: string, name: string | undefined, node: ComposeNode, ...steps: Path): void => {
    if (name !== undefined) found.push({ section, name, node, path: [...path, ...steps] });
  };
  for (const [name, node] of pairs(child(service, 'networks'))) add('networks', name, node, 'networks', name);
  for (const [index, mount] of numbered(child(service, 'volumes'))) {
    if (textOf(child(mount, 'type')) !== 'volume') continue;
    add('volumes', textOf(child(mount, 'source')), mount, 'volumes', index);
  }
  for (const section of ['secrets', 'configs']) {
    for (const [index, node] of numbered(child(service, section))) {
      add(section, textOf(child(node, 'source')), node, section, index);
    }
  }
  for (const [name, node] of pairs(child(service, 'depends_on'))) {
    const required = parseBoolean(textOf(child(node, 'required')) ?? 'true') ?? true;
    if (required) add('services', name, node, 'depends_on', name);
  }
  for (const [index, node] of numbered(child(service, 'links'))) {
    add('services', textOf(node)?.split(':')[0], node, 'links', index);
  }
  for (const [index, node] of numbered(child(service, 'volumes_from'))) {
    const [source, ...rest] = (textOf(node) ?? '').split(':');
    if (source !== 'container' || rest.length === 0) add('services', source, node, 'volumes_from', index);
  }
  for (const key of ['network_mode', 'ipc', 'pid']) {
    const node = child(service, key);
    const target = /^service:(.+)$/.exec(textOf(node) ?? '')?.[1];
    if (node !== undefined) add('services', target, node, key);
  }
  return found;
}
