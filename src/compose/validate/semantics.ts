import { addressesMeet } from '../../model/host-port.ts';
import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, items, keyPosition, numbered, pairs, textOf } from '../source/node.ts';
import type { Path, Position, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';
import { undefinedReferences } from './references.ts';

/**
 * What the schema cannot see: things that contradict one another. For a complete project in canonical form; without
 * `references` it may lack what services name.
 */
export function checkSemantics(root: MapNode, options: { readonly references: boolean }): Problem[] {
  return [
    ...(options.references ? undefinedReferences(root) : []),
    ...doublePorts(root),
    ...circles(root),
    ...services(root).flatMap(([name, service]) => checkService(service, ['services', name])),
  ];
}

function services(root: MapNode): readonly (readonly [string, ComposeNode])[] {
  return pairs(child(root, 'services'));
}

function checkService(service: ComposeNode, path: Path): Problem[] {
  const found: Problem[] = [];
  if (['image', 'build', 'provider'].every((key) => child(service, key) === undefined)) {
    found.push(problem(service.at, path, 'needs an image, or a build from which the image is made'));
  }
  const mode = child(service, 'network_mode');
  if (mode !== undefined && pairs(child(service, 'networks')).length > 0) {
    found.push(problem(mode.at, [...path, 'network_mode'], 'cannot stand beside "networks"; take one of them out'));
  }
  return [...found, ...doubleTargets(service, path)];
}

/** Two mounts at one place in the container. */
function doubleTargets(service: ComposeNode, path: Path): Problem[] {
  const seen = new Map<string, Position>();
  return numbered(child(service, 'volumes')).flatMap(([index, mount]) => {
    const target = (textOf(child(mount, 'target')) ?? '').replace(/(?<=.)\/+$/, '');
    const first = seen.get(target);
    seen.set(target, first ?? mount.at);
    if (first === undefined) return [];
    return [problem(mount.at, [...path, 'volumes', index], `${target} is mounted already, in ${place(first)}`)];
  });
}

/** One published port for two things, in one service or in two. */
function doublePorts(root: MapNode): Problem[] {
  const taken = new Map<string, { readonly address: string; readonly owner: string; readonly at: Position }[]>();
  const found: Problem[] = [];
  for (const [name, service] of services(root)) {
    for (const [index, port] of numbered(child(service, 'ports'))) {
      const published = textOf(child(port, 'published')) ?? '';
      if (!/^[1-9]\d*$/.test(published)) continue;
      const key = `${published}/${textOf(child(port, 'protocol')) ?? 'tcp'}`;
      const address = textOf(child(port, 'host_ip')) ?? '';
      const others = taken.get(key) ?? [];
      const other = others.find((one) => addressesMeet(one.address, address));
      if (other !== undefined) {
        const owner = other.owner === name ? 'this service' : `the service ${other.owner}`;
        const message = `the published port ${key} is taken by ${owner}, in ${place(other.at)}`;
        found.push(problem(port.at, ['services', name, 'ports', index], message));
      }
      taken.set(key, [...others, { address, owner: name, at: port.at }]);
    }
  }
  return found;
}

/** Services that wait for one another. */
function circles(root: MapNode): Problem[] {
  const needs = new Map(services(root).map(([name, service]) => [name, dependenciesOf(service)]));
  const done = new Set<string>();
  const found: Problem[] = [];
  const visit = (name: string, chain: readonly string[]): void => {
    const start = chain.indexOf(name);
    if (start !== -1) {
      const loop = [...chain.slice(start), name];
      const path = ['services', loop[0] as string, 'depends_on'];
      found.push(problem(keyPosition(root, path), path, `the services wait for one another: ${loop.join(' → ')}`));
      return;
    }
    if (done.has(name)) return;
    for (const next of needs.get(name) ?? []) visit(next, [...chain, name]);
    done.add(name);
  };
  for (const name of needs.keys()) visit(name, []);
  return found;
}

function dependenciesOf(service: ComposeNode): string[] {
  const linked = items(child(service, 'links')).flatMap((link) => textOf(link)?.split(':')[0] ?? []);
  return [...new Set([...pairs(child(service, 'depends_on')).map(([name]) => name), ...linked])];
}

function place({ file, line }: Position): string {
  return `${file}:${line}`;
}
