/** The words of a command line; `failed` when a quote is left open. */
export type Words =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Splits as a POSIX shell does: blanks, 'single' and "double" quotes, backslashes. Nothing is expanded. */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && '"\\$`\n'.includes(text.charAt(at + 1))) word += text.charAt(++at);
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      at += 1;
      if (text.charAt(at) !== '\n') word = (word ?? '') + text.charAt(at);
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') return { kind: 'failed', reason: `the quote ${quote} is not closed in ${JSON.stringify(text)}` };
  return { kind: 'words', words: word === undefined ? words : [...words, word] };
}
