import type { Lookup } from './template.ts';
import { substitute } from './template.ts';

export interface DotenvFault {
  readonly line: number;
  readonly message: string;
}

export interface Dotenv {
  /** In the order of the file; a later assignment of the same name has replaced the earlier. */
  readonly values: ReadonlyMap<string, string>;
  readonly faults: readonly DotenvFault[];
}

const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.\-[\]]*)[ \t]*(?:([=:])[ \t]*|(?=\n|$|#))/;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' };

/**
 * Reads an env file in Compose's own grammar: `NAME=value`, `export` before it, `:` for `=`, `#` comments (inside a
 * line only after a space), literal 'single quotes', "double quotes" with escapes and variables, both over several lines.
 * Variables are looked up first outside, then in what the file has set so far. A bare `NAME` takes the value from outside.
 */
export function parseDotenv(text: string, outside: Lookup): Dotenv {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const values = new Map<string, string>();
  const faults: DotenvFault[] = [];
  const lookup: Lookup = (name) => outside(name) ?? values.get(name);
  let at = 0;
  while (at < source.length) {
    const start = skipBlank(source, at);
    if (start >= source.length) break;
    const line = lineOf(source, start);
    const match = assignment.exec(source.slice(start));
    if (match === null) {
      faults.push({
        line,
        message: `expected NAME=value, found ${JSON.stringify(lineText(source, start).slice(0, 40))}`,
      });
      at = endOfLine(source, start);
      continue;
    }
    const name = match[1] as string;
    at = start + match[0].length;
    if (match[2] === undefined) {
      const inherited = outside(name);
      if (inherited !== undefined) values.set(name, inherited);
      continue;
    }
    const read = readValue(source, at, lookup);
    at = read.next;
    if (read.kind === 'fault') faults.push({ line, message: `${name}: ${read.message}` });
    else values.set(name, read.value);
  }
  return { values, faults };
}

/** Reads an `env_file` with `format: raw`: every line `NAME=value` as it stands, no quotes, variables or comments inside. */
export function parseRawEnv(text: string): Dotenv {
  const values = new Map<string, string>();
  const faults: DotenvFault[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) continue;
    const split = raw.indexOf('=');
    if (split > 0) values.set(raw.slice(0, split).trim(), raw.slice(split + 1));
    else faults.push({ line: index + 1, message: `expected NAME=value, found ${JSON.stringify(raw.slice(0, 40))}` });
  }
  return { values, faults };
}

type Value =
  | { readonly kind: 'value'; readonly value: string; readonly next: number }
  | { readonly kind: 'fault'; readonly message: string; readonly next: number };

function readValue(source: string, at: number, lookup: Lookup): Value {
  const quote = source.charAt(at);
  if (quote !== '"' && quote !== "'") return readBare(source, at, lookup);
  const close = closingQuote(source, at, quote);
  const next = endOfLine(source, close === -1 ? at : close);
  if (close === -1) return { kind: 'fault', message: `the quote ${quote} is not closed`, next };
  const rest = source.slice(close + 1, next).trim();
  if (rest !== '' && !rest.startsWith('#')) {
    return { kind: 'fault', message: `unexpected ${JSON.stringify(rest.slice(0, 20))} after the closing quote`, next };
  }
  const inner = source.slice(at + 1, close);
  if (quote === "'") return { kind: 'value', value: inner, next };
  return expand(
    inner.replace(/\\(.)/g, (whole, char: string) => escapes[char] ?? whole),
    lookup,
    next,
  );
}

function readBare(source: string, at: number, lookup: Lookup): Value {
  const next = endOfLine(source, at);
  const raw = source.slice(at, next);
  const comment = /(?:^|[ \t])#/.exec(raw);
  return expand((comment === null ? raw : raw.slice(0, comment.index)).trim(), lookup, next);
}

function expand(template: string, lookup: Lookup, next: number): Value {
  const result = substitute(template, lookup);
  return result.kind === 'failed'
    ? { kind: 'fault', message: result.reason, next }
    : { kind: 'value', value: result.text, next };
}

function closingQuote(source: string, open: number, quote: string): number {
  for (let at = open + 1; at < source.length; at += 1) {
    const char = source.charAt(at);
    if (char === '\\' && quote === '"') at += 1;
    else if (char === quote) return at;
  }
  return -1;
}

/** The next character that is neither space nor part of a comment line. */
function skipBlank(source: string, from: number): number {
  let at = from;
  while (at < source.length) {
    if (/\s/.test(source.charAt(at))) at += 1;
    else if (source.charAt(at) === '#') at = endOfLine(source, at);
    else return at;
  }
  return at;
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end === -1 ? source.length : end;
}

function lineText(source: string, at: number): string {
  return source.slice(at, endOfLine(source, at));
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split('\n').length;
}
