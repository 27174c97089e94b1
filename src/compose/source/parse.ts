import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { ComposeNode, MapEntry, MapNode, MergeTag, ScalarNode, ScalarValue } from './node.ts';
import type { Position, Problem } from './problem.ts';
import { problem } from './problem.ts';

/** Bounds on what a file may hold; beyond them it is refused rather than worked on for minutes. */
export const parseLimits = { characters: 4 * 1024 * 1024, nodes: 200_000, depth: 64 } as const;

export interface ParsedFile {
  /** One root per YAML document that is not empty; Compose merges several documents like several files. */
  readonly roots: readonly MapNode[];
  readonly problems: readonly Problem[];
}

/** Reads YAML into nodes that know their places. Anchors, aliases and `<<` are resolved, within bounds. */
export function parseYaml(text: string, file: string): ParsedFile {
  if (text.length > parseLimits.characters) {
    const message = `the file has ${text.length} characters; at most ${parseLimits.characters} are read`;
    return { roots: [], problems: [problem({ file, line: 1, column: 1 }, [], message)] };
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'silent' });
  const reader = new Reader(file, lines);
  const roots = (Array.isArray(parsed) ? parsed : []).flatMap((document) => reader.root(document));
  return { roots, problems: reader.problems };
}

/** Thrown inside the reader to give up a document whose expansion is out of bounds. */
class Abandon extends Error {}

class Reader {
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #open = new Set<Node>();
  #document: Document.Parsed | undefined;
  #nodes = 0;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  root(document: Document.Parsed): MapNode[] {
    this.#document = document;
    for (const error of document.errors) this.#report(this.#at(error.pos[0]), error.message);
    if (document.errors.length > 0 || document.contents === null) return [];
    if (isScalar(document.contents) && document.contents.value === null) return [];
    try {
      const root = this.#read(document.contents, 0);
      if (root.kind === 'map') return [root];
      this.#report(root.at, 'a Compose file must be a mapping with keys such as services, networks and volumes');
    } catch (error) {
      if (!(error instanceof Abandon)) throw error;
    }
    return [];
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line, column: col };
  }

  #report(at: Position, message: string): void {
    this.problems.push(problem(at, [], message));
  }

  #abandon(at: Position, message: string): never {
    this.#report(at, message);
    throw new Abandon();
  }

  #read(node: Node | null, depth: number, fallback?: Position): ComposeNode {
    const at = node?.range ? this.#at(node.range[0]) : (fallback ?? this.#at(0));
    this.#nodes += 1;
    if (this.#nodes > parseLimits.nodes) {
      this.#abandon(
        at,
        `the file expands to more than ${parseLimits.nodes} values; are aliases nested in one another?`,
      );
    }
    if (depth > parseLimits.depth) this.#abandon(at, `the file is nested deeper than ${parseLimits.depth} levels`);
    if (node === null) return { kind: 'scalar', value: null, at };
    if (isAlias(node)) return this.#alias(node, at, depth);
    if (this.#open.has(node)) this.#abandon(at, 'an alias stands inside the value that it names');
    this.#open.add(node);
    const tag = this.#tag(node, at);
    const value = this.#value(node, at, depth);
    this.#open.delete(node);
    return tag === undefined ? value : { ...value, tag };
  }

  #alias(node: Node, at: Position, depth: number): ComposeNode {
    const target = isAlias(node) ? node.resolve(this.#document as Document) : undefined;
    if (target === undefined) this.#abandon(at, 'the alias names no anchor before it');
    return this.#read(target, depth + 1);
  }

  #tag(node: Node, at: Position): MergeTag | undefined {
    const tag = node.tag;
    if (tag === '!reset') return 'reset';
    if (tag === '!override') return 'override';
    if (tag?.startsWith('!')) this.#report(at, `unknown tag ${tag}; Compose knows !reset and !override`);
    return undefined;
  }

  #value(node: Node, at: Position, depth: number): ComposeNode {
    if (isMap(node)) return this.#map(node, at, depth);
    if (isSeq(node)) return this.#list(node, at, depth);
    if (isScalar(node)) return { kind: 'scalar', value: scalarValue(node), at } satisfies ScalarNode;
    return this.#abandon(at, 'this YAML value is not supported');
  }

  #list(node: YAMLSeq, at: Position, depth: number): ComposeNode {
    return { kind: 'list', items: node.items.map((item) => this.#read(item as Node | null, depth + 1, at)), at };
  }

  #map(node: YAMLMap, at: Position, depth: number): MapNode {
    const own = new Map<string, MapEntry>();
    const merged = new Map<string, MapEntry>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const keyAt = pair.key.range ? this.#at(pair.key.range[0]) : at;
      if (isMergeKey(pair.key)) this.#mergeInto(merged, pair.value, keyAt, depth);
      else own.set(this.#key(pair.key, keyAt), { keyAt, value: this.#read(pair.value, depth + 1, keyAt) });
    }
    return { kind: 'map', entries: new Map([...merged, ...own]), at };
  }

  #key(key: Node, at: Position): string {
    const source = isAlias(key) ? key.resolve(this.#document as Document) : key;
    if (isScalar(source)) return String(scalarValue(source));
    return this.#abandon(at, 'a key must be a plain word, not a list or a mapping');
  }

  /** `<<: *a` and `<<: [*a, *b]`: the earlier map of a list wins, and the map's own keys win over all. */
  #mergeInto(merged: Map<string, MapEntry>, value: Node | null, at: Position, depth: number): void {
    const source = this.#read(value, depth + 1, at);
    for (const one of source.kind === 'list' ? source.items : [source]) {
      if (one.kind !== 'map') this.#abandon(at, '<< takes a mapping, or a list of mappings, by alias');
      for (const [key, entry] of one.entries) if (!merged.has(key)) merged.set(key, entry);
    }
  }
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** Numbers as Compose's own parser reads them: `0440` is octal (a file mode), what no double holds stays text. */
function scalarValue(node: Scalar): ScalarValue {
  const { value, source } = node;
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'number') return source ?? JSON.stringify(value);
  if (source !== undefined && /^[-+]?0[0-7]+$/.test(source)) return Number.parseInt(source, 8);
  const exact = Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));
  return exact ? value : (source ?? String(value));
}
