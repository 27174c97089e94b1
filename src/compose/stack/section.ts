import type { Quantity } from '../scalars/quantities.ts';
import { parseBoolean, parseBytes, parseDuration, parseInteger, parseNumber } from '../scalars/quantities.ts';
import type { ComposeNode } from '../source/node.ts';
import { child, numbered, pairs, textOf } from '../source/node.ts';
import type { Path, Position, Problem } from '../source/problem.ts';
import { problem } from '../source/problem.ts';

/** Collects what a conversion has to say. */
export interface Remarks {
  readonly errors: Problem[];
  readonly warnings: Problem[];
}

/**
 * A mapping to read typed values from. What is absent is undefined; what is there and means nothing is reported as an
 * error at its line and undefined too, so that one pass tells everything that is wrong.
 */
export interface Section {
  readonly path: Path;
  readonly at: Position;
  /** The mapping says something, even if it is empty. */
  readonly present: boolean;
  has(key: string): boolean;
  keys(): readonly string[];
  text(key: string): string | undefined;
  oneOf<Word extends string>(key: string, words: readonly Word[]): Word | undefined;
  boolean(key: string): boolean | undefined;
  integer(key: string, range?: { readonly min?: number; readonly max?: number }): number | undefined;
  number(key: string): number | undefined;
  /** In milliseconds. */
  duration(key: string): number | undefined;
  bytes(key: string): number | undefined;
  /** A list of texts. */
  texts(key: string): readonly string[] | undefined;
  /** A mapping of texts; null values are left out. */
  dictionary(key: string): Readonly<Record<string, string>> | undefined;
  section(key: string): Section;
  /** A list of mappings. */
  sections(key: string): readonly Section[];
  /** A mapping of mappings. */
  named(key: string): readonly (readonly [name: string, section: Section])[];
  /** Key and text of a mapping whose values may be null. */
  entries(key: string): readonly (readonly [name: string, text: string | undefined])[];
  fail(key: string | undefined, message: string): void;
  warn(key: string | undefined, message: string): void;
}

export function section(node: ComposeNode | undefined, path: Path, at: Position, remarks: Remarks): Section {
  const place = (key: string | undefined): Position => {
    if (key === undefined) return at;
    return (node?.kind === 'map' ? node.entries.get(key)?.value.at : undefined) ?? at;
  };
  const where = (key: string | undefined): Path => (key === undefined ? path : [...path, key]);
  const say = (list: Problem[], key: string | undefined, message: string): void => {
    list.push(problem(place(key), where(key), message));
  };
  const text = (key: string): string | undefined => textOf(child(node, key));
  const quantity = (key: string, parse: (from: string) => Quantity): number | undefined => {
    const found = text(key);
    if (found === undefined) return undefined;
    const result = parse(found);
    if (result.kind === 'value') return result.value;
    say(remarks.errors, key, result.reason);
    return undefined;
  };
  const inner = (value: ComposeNode | undefined, ...steps: Path): Section =>
    section(value, [...path, ...steps], value?.at ?? at, remarks);
  return {
    path,
    at,
    present: node !== undefined && !(node.kind === 'scalar' && node.value === null),
    has: (key) => child(node, key) !== undefined,
    keys: () => pairs(node).map(([name]) => name),
    text,
    oneOf: (key, words) => {
      const found = text(key);
      const known = words.find((word) => word === found);
      if (found !== undefined && known === undefined) {
        say(remarks.errors, key, `must be one of ${words.join(', ')}, not ${JSON.stringify(found)}`);
      }
      return known;
    },
    boolean: (key) => {
      const found = text(key);
      const value = found === undefined ? undefined : parseBoolean(found);
      if (found !== undefined && value === undefined) {
        say(remarks.errors, key, `must be true or false, not ${JSON.stringify(found)}`);
      }
      return value;
    },
    integer: (key, { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = {}) => {
      const value = quantity(key, parseInteger);
      if (value === undefined || (value >= min && value <= max)) return value;
      const bounds = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `between ${min} and ${max}`;
      say(remarks.errors, key, `must be ${bounds}, not ${value}`);
      return undefined;
    },
    number: (key) => quantity(key, parseNumber),
    duration: (key) => quantity(key, parseDuration),
    bytes: (key) => quantity(key, parseBytes),
    texts: (key) => {
      const list = child(node, key);
      return list?.kind === 'list' ? list.items.flatMap((item) => textOf(item) ?? []) : undefined;
    },
    dictionary: (key) => {
      const found = child(node, key);
      if (found?.kind !== 'map') return undefined;
      return Object.fromEntries(
        pairs(found).flatMap(([name, value]) => {
          const inside = textOf(value);
          return inside === undefined ? [] : [[name, inside]];
        }),
      );
    },
    section: (key) => inner(child(node, key), key),
    sections: (key) => numbered(child(node, key)).map(([index, item]) => inner(item, key, index)),
    named: (key) => pairs(child(node, key)).map(([name, value]) => [name, inner(value, key, name)]),
    entries: (key) => pairs(child(node, key)).map(([name, value]) => [name, textOf(value)]),
    fail: (key, message) => say(remarks.errors, key, message),
    warn: (key, message) => say(remarks.warnings, key, message),
  };
}

/** The object without the fields that are undefined, so that what a file does not say stays absent. */
export function compact<Whole extends object>(fields: { [Key in keyof Whole]: Whole[Key] | undefined }): Whole {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Whole;
}

/** The same, or undefined when no field is left. */
export function compactOrNone<Whole extends object>(
  fields: { [Key in keyof Whole]: Whole[Key] | undefined },
): Whole | undefined {
  const result = compact<Whole>(fields);
  return Object.keys(result).length === 0 ? undefined : result;
}

/** A list, or undefined when it is empty. */
export function orNone<Item>(list: readonly Item[] | undefined): readonly Item[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
