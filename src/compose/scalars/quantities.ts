import { durationUnits } from '../../model/duration.ts';

/** What a text was found to mean, or why it means nothing. */
export type Quantity =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'bad'; readonly reason: string };

const units: Readonly<Record<string, number>> = { ...durationUnits, d: 86_400_000, w: 604_800_000 };

/** `1h30m`, `1.5s`, `90s`, `200ms`, `0` in milliseconds: Go's durations, with Compose's days and weeks. */
export function parseDuration(text: string): Quantity {
  const trimmed = text.trim();
  if (/^[+-]?0+(?:\.0*)?$/.test(trimmed)) return { kind: 'value', value: 0 };
  if (trimmed.startsWith('-')) return bad(`a duration cannot be negative, found ${JSON.stringify(text)}`);
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)/gy)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== trimmed) {
    const unit = /^\d+(?:\.\d+)?$/.test(trimmed) ? `; did you mean "${trimmed}s"?` : '';
    return bad(`${JSON.stringify(text)} is not a duration such as 30s, 1m30s or 500ms${unit}`);
  }
  const value = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] ?? 0), 0);
  return { kind: 'value', value: Math.round(value * 1e6) / 1e6 };
}

const byteUnits: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** `512`, `64k`, `128m`, `1.5gb`, `2GiB` in bytes; units are powers of 1024, as in every Docker tool. */
export function parseBytes(text: string): Quantity {
  const match = /^(\d+(?:\.\d+)?)[ ]?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text.trim());
  if (match === null) return bad(`${JSON.stringify(text)} is not a size such as 512m, 64kb or 1.5g`);
  const value = Math.floor(Number(match[1]) * 1024 ** (byteUnits[(match[2] ?? '').toLowerCase()] ?? 0));
  return Number.isSafeInteger(value) ? { kind: 'value', value } : bad(`${JSON.stringify(text)} is too large a size`);
}

/** A decimal number, `0.5` or `2`. */
export function parseNumber(text: string): Quantity {
  const trimmed = text.trim();
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed)
    ? { kind: 'value', value: Number(trimmed) }
    : bad(`must be a number, not ${JSON.stringify(text)}`);
}

/** A whole number, in decimal, `0x`, or octal with a leading zero (file modes). */
export function parseInteger(text: string): Quantity {
  const trimmed = text.trim();
  if (/^0x[0-9a-f]+$/i.test(trimmed)) return { kind: 'value', value: Number.parseInt(trimmed, 16) };
  if (/^0o?[0-7]+$/.test(trimmed)) return { kind: 'value', value: Number.parseInt(trimmed.replace('o', ''), 8) };
  return /^[-+]?\d+$/.test(trimmed) && Number.isSafeInteger(Number(trimmed))
    ? { kind: 'value', value: Number(trimmed) }
    : bad(`must be a whole number, not ${JSON.stringify(text)}`);
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  yes: true,
  y: true,
  on: true,
  '1': true,
  false: false,
  f: false,
  no: false,
  n: false,
  off: false,
  '0': false,
};

/** The words that Compose takes for true and false after a variable was put in; undefined for any other. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

function bad(reason: string): Quantity {
  return { kind: 'bad', reason };
}
