/** One figure of a benchmark, with what it is held against. */
export interface BenchResult {
  /** What was measured, for people. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The bound that the figure has to keep: at most or at least. */
  readonly limit?: { readonly kind: 'at most' | 'at least'; readonly value: number };
  /** How it came about: single values, the peer's figure, the load. */
  readonly detail?: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

const keeps = (result: BenchResult): boolean | undefined => {
  if (!result.limit) return undefined;
  return result.limit.kind === 'at most' ? result.value <= result.limit.value : result.value >= result.limit.value;
};

const rounded = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

/** A line for the terminal: the figure, its bound, and whether it is kept. */
export function line(result: BenchResult): string {
  const kept = keeps(result);
  const verdict = kept === undefined ? '      ' : kept ? 'ok    ' : 'MISSED';
  const bound = result.limit ? `  (${result.limit.kind} ${rounded(result.limit.value)} ${result.unit})` : '';
  return `${verdict} ${result.name}: ${rounded(result.value)} ${result.unit}${bound}${result.detail ? `  ${result.detail}` : ''}`;
}

export const missed = (results: readonly BenchResult[]): readonly BenchResult[] =>
  results.filter((result) => keeps(result) === false);
