/** Looks a variable up; undefined when it is not set (which differs from set and empty). */
export type Lookup = (name: string) => string | undefined;

export type Substitution =
  | { readonly kind: 'text'; readonly text: string; readonly unset: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

type Operator = ':-' | '-' | ':?' | '?' | ':+' | '+';

const operators: readonly Operator[] = [':-', ':?', ':+', '-', '?', '+'];
const nameStart = /[A-Za-z_]/;
const namePart = /[A-Za-z0-9_]/;
const deepest = 32;

class Refusal extends Error {}

/**
 * Replaces `$NAME`, `${NAME}` and the forms with `:-`, `-`, `:?`, `?`, `:+` and `+`, whose operand may hold variables in
 * turn; `$$` is a dollar sign. A variable that is not set and has no default becomes empty and is named in `unset`.
 * The grammar is the one of the Compose specification, "Interpolation".
 */
export function substitute(template: string, lookup: Lookup): Substitution {
  if (!template.includes('$')) return { kind: 'text', text: template, unset: [] };
  const unset: string[] = [];
  try {
    const scanner = { template, at: 0, lookup, unset };
    return { kind: 'text', text: readText(scanner, 0, true), unset };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'failed', reason: error.message };
    throw error;
  }
}

interface Scanner {
  readonly template: string;
  readonly lookup: Lookup;
  readonly unset: string[];
  at: number;
}

/** Reads up to the end, or inside braces up to the closing one. `live` is false in an operand that is not used. */
function readText(scanner: Scanner, depth: number, live: boolean): string {
  if (depth > deepest) throw new Refusal(`variables are nested deeper than ${deepest} levels`);
  let text = '';
  while (scanner.at < scanner.template.length) {
    const char = scanner.template.charAt(scanner.at);
    if (char === '}' && depth > 0) return text;
    if (char === '$') text += readVariable(scanner, depth, live);
    else {
      text += char;
      scanner.at += 1;
    }
  }
  if (depth > 0) throw new Refusal(`"\${" has no closing "}" in ${quote(scanner.template)}`);
  return text;
}

function readVariable(scanner: Scanner, depth: number, live: boolean): string {
  const next = scanner.template.charAt(scanner.at + 1);
  scanner.at += 2;
  if (next === '$') return '$';
  if (next === '{') return readBraced(scanner, depth, live);
  if (!nameStart.test(next)) {
    throw new Refusal(
      `"$" must be followed by a name or "{" in ${quote(scanner.template)}; write "$$" for a dollar sign`,
    );
  }
  scanner.at -= 1;
  return value(scanner, readName(scanner), live);
}

function readName(scanner: Scanner): string {
  const start = scanner.at;
  if (!nameStart.test(scanner.template.charAt(start))) {
    throw new Refusal(`a variable's name must begin with a letter or "_" in ${quote(scanner.template)}`);
  }
  while (namePart.test(scanner.template.charAt(scanner.at))) scanner.at += 1;
  return scanner.template.slice(start, scanner.at);
}

function readBraced(scanner: Scanner, depth: number, live: boolean): string {
  const name = readName(scanner);
  const rest = scanner.template.slice(scanner.at);
  if (rest.startsWith('}')) {
    scanner.at += 1;
    return value(scanner, name, live);
  }
  const operator = operators.find((one) => rest.startsWith(one));
  if (operator === undefined) {
    const wrong = rest === '' ? 'the end of the text' : quote(rest.charAt(0));
    throw new Refusal(`\${${name} cannot be followed by ${wrong}; allowed are } :- - :? ? :+ +`);
  }
  scanner.at += operator.length;
  const current = scanner.lookup(name);
  const present = operator.startsWith(':') ? (current ?? '') !== '' : current !== undefined;
  const used = operator.endsWith('+') ? present : !present;
  const operand = readText(scanner, depth + 1, live && used);
  scanner.at += 1;
  return apply(operator, { name, current: current ?? '', present, operand, live });
}

interface Found {
  readonly name: string;
  readonly current: string;
  readonly present: boolean;
  readonly operand: string;
  readonly live: boolean;
}

function apply(operator: Operator, { name, current, present, operand, live }: Found): string {
  switch (operator) {
    case ':-':
    case '-':
      return present ? current : operand;
    case ':+':
    case '+':
      return present ? operand : '';
    case ':?':
    case '?':
      if (present || !live) return current;
      throw new Refusal(`the variable ${name} must be set${operand === '' ? '' : `: ${operand}`}`);
  }
}

function value(scanner: Scanner, name: string, live: boolean): string {
  const found = scanner.lookup(name);
  if (found === undefined && live) scanner.unset.push(name);
  return found ?? '';
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
