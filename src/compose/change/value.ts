/** How a value is written in a Compose file; a mapping gives the words for the model's. */
export type ValueKind = 'duration' | 'bytes' | 'billionths' | 'octal' | 'variable' | Readonly<Record<string, string>>;

/** The text of a value of the model as Compose has it: `10s`, `64M`, `0.5`, `0440`. What is not understood stays. */
export const composeValue = (text: string, kind: ValueKind): string => {
  if (typeof kind === 'object') return Object.hasOwn(kind, text) ? (kind[text] ?? text) : text;
  if (kind === 'variable') return text.includes('=') ? text.slice(text.indexOf('=') + 1) : text;
  const number = Number(text);
  if (text === '' || !Number.isFinite(number) || number < 0) return text;
  switch (kind) {
    case 'duration':
      return duration(number);
    case 'bytes':
      return size(number);
    case 'billionths':
      return String(number / 1e9);
    case 'octal':
      return `0${number.toString(8)}`;
  }
};

const spans = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const duration = (milliseconds: number): string => {
  if (milliseconds === 0) return '0s';
  let rest = milliseconds;
  let text = '';
  for (const [unit, length] of spans) {
    const count = unit === 'ms' ? rest : Math.floor(rest / length);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * length;
  }
  return text;
};

const sizes = [
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
] as const;

/** In the largest unit that it is a whole number of. */
const size = (bytes: number): string => {
  const [unit, length] = sizes.find(([, one]) => bytes >= one && bytes % one === 0) ?? ['', 1];
  return `${bytes / length}${unit}`;
};
