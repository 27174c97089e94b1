/**
 * Regular expressions that cost no more than their length times the text's, whatever they are: they come from users and
 * run in the manager. Literals, `.`, classes with ranges and negation, `\d`, `\w`, `\s` and their opposites, groups, `|`, `*`, `+`,
 * `?`, `^`, `$`, and `(?i)` at the beginning: what classic Swarm's values can hold. No captures, no references.
 */

type Node =
  | { readonly kind: 'empty' | 'start' | 'end' }
  | { readonly kind: 'character'; readonly fits: (code: string) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: 0 | 1; readonly endless: boolean };

/** One state of the automaton: eats a character, or stands for others. */
type State =
  | { readonly kind: 'eat'; readonly fits: (code: string) => boolean; readonly next: number }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'match' };

/** A test for texts that contain a match, or why the expression is none. */
export type Expression =
  | { readonly kind: 'expression'; readonly test: (text: string) => boolean }
  | { readonly kind: 'invalid'; readonly reason: string };

export const compile = (pattern: string): Expression => {
  const folded = pattern.startsWith('(?i)');
  const parser = new Parser(folded ? pattern.slice(4) : pattern, folded);
  const parsed = parser.parse();
  if (typeof parsed === 'string') return { kind: 'invalid', reason: parsed };
  const states: State[] = [{ kind: 'match' }];
  const first = build(parsed, 0, states);
  return { kind: 'expression', test: (text) => run(states, first, text) };
};

const deepest = 32;
/** Of a longer text only the beginning is looked at. */
const longestText = 4096;

class Parser {
  readonly #characters: readonly string[];
  readonly #folded: boolean;
  #at = 0;
  #depth = 0;
  #fault: string | undefined;

  constructor(pattern: string, folded: boolean) {
    this.#characters = Array.from(pattern);
    this.#folded = folded;
  }

  /** In either case, where that does not count. Beneath what negates it: `[^a]` is no `A` then either. */
  #anyCase(fits: (code: string) => boolean): (code: string) => boolean {
    return this.#folded ? (code) => fits(code) || fits(code.toLowerCase()) || fits(code.toUpperCase()) : fits;
  }

  parse(): Node | string {
    const node = this.#choice();
    if (this.#at < this.#characters.length) this.#fault ??= 'a ")" too many';
    return this.#fault ?? node;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string | undefined {
    const character = this.#characters[this.#at];
    this.#at += 1;
    return character;
  }

  #choice(): Node {
    const parts = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at += 1;
      parts.push(this.#sequence());
    }
    return parts.length === 1 ? (parts[0] as Node) : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#repeated(this.#single()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: Node): Node {
    let node = part;
    for (let next = this.#peek(); next === '*' || next === '+' || next === '?'; next = this.#peek()) {
      this.#at += 1;
      // Of a lazy repetition only the match would differ, not whether there is one.
      if (this.#peek() === '?') this.#at += 1;
      node = { kind: 'repeat', part: node, least: next === '+' ? 1 : 0, endless: next !== '?' };
    }
    return node;
  }

  #single(): Node {
    const character = this.#take() as string;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        return { kind: 'character', fits: (code) => code !== '\n' };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
        this.#fault ??= `nothing before "${character}" to repeat`;
        return { kind: 'empty' };
      case '\\':
        return this.#escaped();
      default:
        return { kind: 'character', fits: this.#anyCase((code) => code === character) };
    }
  }

  #group(): Node {
    this.#depth += 1;
    if (this.#depth > deepest) {
      this.#fault ??= `groups nested deeper than ${deepest}`;
      this.#at = this.#characters.length;
      return { kind: 'empty' };
    }
    if (this.#peek() === '?') {
      this.#at += 1;
      if (this.#take() !== ':') this.#fault ??= 'only (…) and (?:…) are known, and (?i) at the beginning';
    }
    const node = this.#choice();
    if (this.#take() !== ')') this.#fault ??= 'a ")" is missing';
    this.#depth -= 1;
    return node;
  }

  #escaped(): Node {
    const character = this.#take();
    if (character === undefined) {
      this.#fault ??= 'nothing after the last "\\"';
      return { kind: 'empty' };
    }
    const set = sets[character];
    if (set !== undefined) return { kind: 'character', fits: set };
    if (/[a-zA-Z0-9]/.test(character)) this.#fault ??= `"\\${character}" is not known`;
    return { kind: 'character', fits: this.#anyCase((code) => code === character) };
  }

  #class(): Node {
    const negated = this.#peek() === '^';
    if (negated) this.#at += 1;
    const tests: ((code: string) => boolean)[] = [];
    for (let first = true; ; first = false) {
      const character = this.#take();
      if (character === undefined) {
        this.#fault ??= 'a "]" is missing';
        break;
      }
      if (character === ']' && !first) break;
      tests.push(this.#member(character));
    }
    return { kind: 'character', fits: (code) => tests.some((test) => test(code)) !== negated };
  }

  #member(character: string): (code: string) => boolean {
    const from = character === '\\' ? this.#take() : character;
    if (from === undefined) return () => false;
    const set = character === '\\' ? sets[from] : undefined;
    if (set !== undefined) return set;
    if (this.#peek() !== '-' || [undefined, ']'].includes(this.#characters[this.#at + 1]))
      return this.#anyCase((code) => code === from);
    this.#at += 1;
    const end = this.#take();
    const to = end === '\\' ? this.#take() : end;
    if (to === undefined || to < from) this.#fault ??= `the range "${from}-${to ?? ''}" is empty`;
    return this.#anyCase((code) => code >= from && code <= (to ?? from));
  }
}

const isDigit = (code: string): boolean => code >= '0' && code <= '9';
const isWord = (code: string): boolean => /^\w$/.test(code);
const isSpace = (code: string): boolean => /^\s$/.test(code);

const sets: Readonly<Record<string, (code: string) => boolean>> = {
  d: isDigit,
  D: (code) => !isDigit(code),
  w: isWord,
  W: (code) => !isWord(code),
  s: isSpace,
  S: (code) => !isSpace(code),
};

/** Adds the states of a node that goes on to `next`; returns its first. */
const build = (node: Node, next: number, states: State[]): number => {
  switch (node.kind) {
    case 'empty':
      return next;
    case 'start':
    case 'end':
      return states.push({ kind: node.kind, next }) - 1;
    case 'character':
      return states.push({ kind: 'eat', fits: node.fits, next }) - 1;
    case 'sequence':
      return node.parts.reduceRight((after, part) => build(part, after, states), next);
    case 'choice':
      return states.push({ kind: 'split', next: node.parts.map((part) => build(part, next, states)) }) - 1;
    case 'repeat':
      return buildRepeat(node, next, states);
  }
};

const buildRepeat = (
  { part, least, endless }: Extract<Node, { kind: 'repeat' }>,
  next: number,
  states: State[],
): number => {
  if (!endless) return states.push({ kind: 'split', next: [build(part, next, states), next] }) - 1;
  const exits = [next];
  const loop = states.push({ kind: 'split', next: exits }) - 1;
  const body = build(part, loop, states);
  exits.push(body);
  return least === 1 ? body : loop;
};

const run = (states: readonly State[], first: number, text: string): boolean => {
  const characters = Array.from(text.slice(0, longestText));
  let current = new Set<number>();
  for (let at = 0; at <= characters.length; at += 1) {
    const edge = { atStart: at === 0, atEnd: at === characters.length };
    // A match may begin anywhere.
    const reached = closure(states, [...current, first], edge);
    if (reached.has(0)) return true;
    current = new Set();
    const character = characters[at];
    if (character === undefined) return false;
    for (const index of reached) {
      const state = states[index] as State;
      if (state.kind === 'eat' && state.fits(character)) current.add(state.next);
    }
  }
  return false;
};

interface Edge {
  readonly atStart: boolean;
  readonly atEnd: boolean;
}

/** All states that are reached without eating. */
const closure = (states: readonly State[], from: readonly number[], { atStart, atEnd }: Edge): ReadonlySet<number> => {
  const reached = new Set<number>();
  const open = [...from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const state = states[index] as State;
    if (state.kind === 'split') open.push(...state.next);
    else if ((state.kind === 'start' && atStart) || (state.kind === 'end' && atEnd)) open.push(state.next);
  }
  return reached;
};
