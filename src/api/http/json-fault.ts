/** What node says of a text that is no JSON, and what Go's encoding/json says there: clients of Docker match on Go's words. */
const contexts: readonly (readonly [RegExp, string])[] = [
  [/^Unexpected (?:token|number|string)/, 'looking for beginning of value'],
  [/^Expected (?:double-quoted )?property name/, 'looking for beginning of object key string'],
  [/^Expected ':'/, 'after object key'],
  [/^Expected ',' or '}'/, 'after object key:value pair'],
  [/^Expected ',' or ']'/, 'after array element'],
  [/^Bad control character/, 'in string literal'],
  [/^Bad escaped character/, 'in string escape code'],
  [/^Bad Unicode escape/, String.raw`in \u hexadecimal character escape`],
  [/^No number after minus/, 'in numeric literal'],
  [/^Unterminated fractional/, 'after decimal point in numeric literal'],
  [/^Exponent part/, 'in exponent of numeric literal'],
  [/^Unexpected non-whitespace/, 'after top-level value'],
];

/** Why the text is no JSON, in Go's words; `thrown` is what `JSON.parse` threw at it. Names the character, never more of the text. */
export const jsonFault = (text: string, thrown: unknown): string => {
  const message = thrown instanceof Error ? thrown.message : '';
  const context = contexts.find(([pattern]) => pattern.test(message))?.[1];
  const found = characterOf(text, message);
  return context === undefined || found === undefined
    ? 'unexpected EOF'
    : `invalid character ${quoted(found)} ${context}`;
};

const characterOf = (text: string, message: string): string | undefined => {
  const position = / at position (?<at>\d+)/.exec(message)?.groups?.['at'];
  if (position !== undefined) return text.slice(Number(position)).match(/^./su)?.[0];
  return /^Unexpected token '(?<token>.)'/su.exec(message)?.groups?.['token'];
};

const quoted = (character: string): string => {
  if (character === "'") return String.raw`'\''`;
  return `'${JSON.stringify(character).slice(1, -1).replace('\\"', '"').replace('\\u00', String.raw`\x`)}'`;
};
