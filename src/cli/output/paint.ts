import type { CliContext, Output } from '../context.ts';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Colour = keyof typeof codes;

/** Colours a text, where the output is a terminal that wants colours. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours only on a terminal, and not with NO_COLOR (https://no-color.org) or a dumb one. */
export const painter = (output: Output, environment: CliContext['environment']): Paint => {
  const plain = !output.isTerminal || (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return plain ? (_colour, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
};
