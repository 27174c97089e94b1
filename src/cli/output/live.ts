import type { Output } from '../context.ts';

/** A few lines that are drawn again as they change; on anything but a terminal each new line is written once. */
export interface LiveDisplay {
  show(lines: readonly string[]): void;
}

const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A`);
const clearBelow = '\u001b[J';

export const liveDisplay = (output: Output): LiveDisplay => (output.isTerminal ? redrawn(output) : appended(output));

const redrawn = (output: Output): LiveDisplay => {
  let drawn = 0;
  let last = '';
  return {
    show: (lines) => {
      const cut = lines.map((line) => line.slice(0, Math.max(20, output.columns + 20)));
      const text = cut.map((line) => `${line}\n`).join('');
      if (text === last) return;
      output.write(`${up(drawn)}\r${clearBelow}${text}`);
      drawn = cut.length;
      last = text;
    },
  };
};

const appended = (output: Output): LiveDisplay => {
  const written = new Set<string>();
  return {
    show: (lines) => {
      for (const line of lines) {
        if (written.has(line)) continue;
        written.add(line);
        output.write(`${line}\n`);
      }
    },
  };
};
