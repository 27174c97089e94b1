import { resolve } from 'node:path/posix';
import type { ComposeNode, MapEntry } from '../source/node.ts';
import { list, map, scalar, textOf } from '../source/node.ts';
import { splitWords } from '../scalars/words.ts';
import type { Form, FormContext } from './form.ts';

/** Forms of values that are lists, mappings or single texts. */

/** `a` as `[a]`. */
export const asList: Form = (node) => (node.kind === 'scalar' && node.value !== null ? list([node], node.at) : node);

/** A number or boolean as text. */
export const asText: Form = (node) => {
  const text = textOf(node);
  return text === undefined ? node : { ...scalar(text, node.at) };
};

/** `[K=V, L]` as `{K: V, L: …}`; what a name without value stands for is the caller's to say. */
function dictionary(bare: (name: string, node: ComposeNode, context: FormContext) => ComposeNode): Form {
  return (node, path, context) => {
    if (node.kind === 'scalar') return node;
    const entries = new Map<string, MapEntry>();
    if (node.kind === 'list') {
      for (const item of node.items) {
        const text = textOf(item) ?? '';
        const split = text.indexOf('=');
        const name = split === -1 ? text : text.slice(0, split);
        const value = split === -1 ? bare(name, item, context) : scalar(text.slice(split + 1), item.at);
        entries.set(name, { keyAt: item.at, value });
      }
      return { kind: 'map', entries, at: node.at };
    }
    for (const [name, { keyAt, value }] of node.entries) {
      if (value.tag === 'reset') entries.set(name, { keyAt, value });
      else if (textOf(value) === undefined) entries.set(name, { keyAt, value: bare(name, value, context) });
      else entries.set(name, { keyAt, value: asText(value, path, context) ?? value });
    }
    return { ...node, entries };
  };
}

/** Variables for a container: a name without value takes it from the environment, or stays without. */
export const environment = dictionary((name, node, { lookup }) => scalar(lookup(name) ?? null, node.at));

/** Labels and options: a name without value is empty. */
export const labels = dictionary((_name, node) => scalar('', node.at));

/** `[a, b]` as `{a: …, b: …}`, where each becomes `content`. */
export function named(content: (node: ComposeNode) => ComposeNode): Form {
  return (node) => {
    if (node.kind !== 'list') return node;
    const entries = new Map<string, MapEntry>();
    for (const item of node.items) entries.set(textOf(item) ?? '', { keyAt: item.at, value: content(item) });
    return { kind: 'map', entries, at: node.at };
  };
}

/** A command as one line becomes its words. */
export const commandLine: Form = (node, path, { report }) => {
  if (node.kind !== 'scalar' || node.value === null) return node;
  const split = splitWords(String(node.value));
  if (split.kind === 'words') {
    return list(
      split.words.map((word) => scalar(word, node.at)),
      node.at,
    );
  }
  report(node.at, path, split.reason);
  return node;
};

/** `curl -f http://x` as `[CMD-SHELL, "curl -f http://x"]`. */
export const healthTest: Form = (node) => {
  if (node.kind !== 'scalar' || node.value === null) return node;
  return list([scalar('CMD-SHELL', node.at), scalar(String(node.value), node.at)], node.at);
};

/** `host:address` and `host=address` lists as `{host: [address, …]}`. */
export const extraHosts: Form = (node, path, { report }) => {
  const found = new Map<string, { readonly entry: MapEntry; readonly addresses: ComposeNode[] }>();
  const add = (host: string, address: ComposeNode, keyAt = address.at): void => {
    const known = found.get(host) ?? { addresses: [], entry: { keyAt, value: address } };
    known.addresses.push(scalar((textOf(address) ?? '').replace(/^\[(.*)\]$/, '$1'), address.at));
    found.set(host, known);
  };
  if (node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    for (const [index, item] of node.items.entries()) {
      const match = /^([^=:]+)[=:](.+)$/.exec(textOf(item) ?? '');
      if (match === null) report(item.at, [...path, index], 'must have the form host:address or host=address');
      else add(match[1] as string, scalar(match[2] as string, item.at));
    }
  } else {
    for (const [host, { keyAt, value }] of node.entries) {
      for (const address of value.kind === 'list' ? value.items : [value]) add(host, address, keyAt);
    }
  }
  const entries = [...found].map(([host, { entry, addresses }]): [string, MapEntry] => [
    host,
    { keyAt: entry.keyAt, value: list(addresses, node.at) },
  ]);
  return { kind: 'map', entries: new Map(entries), at: node.at };
};

/** A path in the file as an absolute one; `~` is the home directory; URLs stay. */
export const filePath: Form = (node, _path, context) => {
  const text = textOf(node);
  return text === undefined ? node : { ...scalar(resolvePath(text, context), node.at) };
};

export function resolvePath(text: string, { directory, lookup }: FormContext): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[A-Za-z]:[\\/]/.test(text) || text.startsWith('\\\\')) return text;
  const home = lookup('HOME');
  if (home !== undefined && (text === '~' || text.startsWith('~/'))) return resolve(home, text.slice(2));
  return resolve(directory, text);
}

/** `64` as `{soft: 64, hard: 64}`. */
export const ulimit: Form = (node) => (node.kind === 'scalar' ? map({ soft: node, hard: node }, node.at) : node);
