import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, map, scalar, textOf, withEntry } from '../source/node.ts';
import type { Path } from '../source/problem.ts';
import type { FormContext } from './form.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

class BadPort extends Error {}

/** Any form of a port as long forms with one container port each. A range of ports becomes as many entries. */
export function portForms(node: ComposeNode, path: Path, context: FormContext): readonly ComposeNode[] {
  try {
    return node.kind === 'map' ? longForm(node) : shortForm(node, textOf(node) ?? '');
  } catch (error) {
    if (!(error instanceof BadPort)) throw error;
    context.report(node.at, path, error.message);
    return [];
  }
}

/** `[[address:]published:]target[/protocol]`, ports single or as `from-to`, an IPv6 address in brackets. */
function shortForm(node: ComposeNode, text: string): MapNode[] {
  const match = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:/]+)(?:\/([a-zA-Z]+))?$/.exec(text.trim());
  if (match === null)
    throw new BadPort(`${JSON.stringify(text)} is not a port; write [address:][published:]target[/protocol]`);
  const address = match[1]?.replace(/^\[(.*)\]$/, '$1');
  const target = range(match[3] as string, 'container port');
  const published = match[2] === undefined || match[2] === '' ? undefined : range(match[2], 'published port');
  return expand(target, published, text).map(([inside, outside]) =>
    map(
      {
        mode: scalar('ingress', node.at),
        host_ip: address === undefined || address === '' ? undefined : scalar(address, node.at),
        target: scalar(inside, node.at),
        published: outside === undefined ? undefined : scalar(outside, node.at),
        protocol: scalar(protocol(match[4] ?? 'tcp'), node.at),
      },
      node.at,
    ),
  );
}

function longForm(node: MapNode): MapNode[] {
  const targetNode = child(node, 'target');
  const publishedText = textOf(child(node, 'published'));
  if (targetNode === undefined) throw new BadPort('the key "target", the port in the container, is missing');
  const target = range(textOf(targetNode) ?? '', 'container port');
  const published =
    publishedText === undefined || publishedText === '' ? undefined : range(publishedText, 'published port');
  const mode = textOf(child(node, 'mode')) ?? 'ingress';
  if (mode !== 'ingress' && mode !== 'host')
    throw new BadPort(`mode must be ingress or host, not ${JSON.stringify(mode)}`);
  const transport = protocol(textOf(child(node, 'protocol')) ?? 'tcp');
  return expand(target, published, publishedText ?? '').map(([inside, outside]) => {
    const outsideNode = outside === undefined ? undefined : scalar(outside, child(node, 'published')?.at ?? node.at);
    const filled = withEntry(withEntry(node, 'target', scalar(inside, targetNode.at)), 'published', outsideNode);
    return withEntry(withEntry(filled, 'mode', scalar(mode, node.at)), 'protocol', scalar(transport, node.at));
  });
}

type Pair = readonly [target: number, published: number | string | undefined];

/** Equal ranges are paired; several published ports for one container port stay a range, to choose from. */
function expand(target: Range, published: Range | undefined, text: string): Pair[] {
  const count = target.last - target.first;
  const targets = Array.from({ length: count + 1 }, (_, index) => target.first + index);
  if (published === undefined) return targets.map((port) => [port, undefined]);
  if (published.last - published.first === count) return targets.map((port, index) => [port, published.first + index]);
  if (count === 0) return [[target.first, `${published.first}-${published.last}`]];
  throw new BadPort(`the ranges in ${JSON.stringify(text)} have different lengths`);
}

function range(text: string, what: string): Range {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) throw new BadPort(`${JSON.stringify(text)} is not a ${what}`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  // A published port of 0 asks for any free one, as in the Engine API.
  const lowest = what === 'published port' ? 0 : 1;
  if (first < lowest || last > 65_535) throw new BadPort(`a ${what} is between 1 and 65535, not ${text}`);
  if (last < first) throw new BadPort(`the range ${text} of the ${what} ends before it begins`);
  return { first, last };
}

function protocol(text: string): string {
  const lower = text.toLowerCase();
  if (lower === 'tcp' || lower === 'udp' || lower === 'sctp') return lower;
  throw new BadPort(`the protocol must be tcp, udp or sctp, not ${JSON.stringify(text)}`);
}
