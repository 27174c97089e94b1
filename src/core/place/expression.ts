import { compile } from './regexp.ts';

/** `key==value`, `key!=value`; a value that begins with `~` is a wish, not a condition. */
export interface Expression {
  /** As it was written. */
  readonly text: string;
  readonly key: string;
  readonly soft: boolean;
  /** Whether a node with these values passes: with `==` one of them fits, with `!=` none. */
  readonly passes: (values: readonly string[]) => boolean;
}

export type ParsedExpression =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'invalid'; readonly reason: string };

const keyPattern = /^[a-z_][a-z0-9\-_./]*$/i;
/** Classic Swarm's: names, globs, and regular expressions between slashes. */
const valuePattern = /^[=!/]?~?[a-z0-9:\-_\s.*/()?+[\]\\^$|@,]+$/i;
const longest = 1024;

/** Parses one of classic Swarm's filter expressions. The operator is the first of `==` and `!=`; values match with case. */
export const parseExpression = (text: string): ParsedExpression => {
  const mark = /[=!]=/.exec(text);
  if (mark === null) return invalid(`One of operator ==, != is expected: "${text}"`);
  const key = text.slice(0, mark.index).trim();
  const value = text.slice(mark.index + 2).trim();
  if (!keyPattern.test(key)) return invalid(`Key '${key}' is invalid`);
  if (value.length > longest || !valuePattern.test(value))
    return invalid(`Value '${value.slice(0, longest)}' is invalid`);
  const soft = value.startsWith('~');
  const test = testOf(value.replace(/^~+/, ''));
  if (typeof test === 'string') return invalid(`Value '${value}' is invalid: ${test}`);
  const wanted = mark[0] === '==';
  return {
    kind: 'expression',
    expression: { text, key, soft, passes: (values) => values.some(test) === wanted },
  };
};

const invalid = (reason: string): ParsedExpression => ({ kind: 'invalid', reason });

/** `/expression/`, else a glob with `*`. */
const testOf = (value: string): ((text: string) => boolean) | string => {
  if (value.length > 1 && value.startsWith('/') && value.endsWith('/')) {
    const compiled = compile(value.slice(1, -1));
    return compiled.kind === 'invalid' ? compiled.reason : compiled.test;
  }
  return glob(value.split('*'));
};

/** Whether the parts stand in the text in their order, the first at its beginning and the last at its end. */
const glob = (parts: readonly string[]): ((text: string) => boolean) => {
  const [first = '', ...others] = parts;
  const last = others.pop();
  return (text) => {
    if (last === undefined) return text === first;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at + last.length <= text.length;
  };
};
