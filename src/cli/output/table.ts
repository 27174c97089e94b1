import { stripVTControlCharacters } from 'node:util';

const gap = '   ';

/** Columns as wide as their widest cell; colours take no room. Ends with a line feed. */
export const table = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) => `${line(row, widths)}\n`).join('');
};

const width = (cell: string): number => stripVTControlCharacters(cell).length;

const line = (row: readonly string[], widths: readonly number[]): string =>
  row
    .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
    .join(gap)
    .trimEnd();
