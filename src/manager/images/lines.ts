import { engineLines } from '../../rpc/lines.ts';

/** What an engine tells of its progress: one JSON object per line. */
export type ProgressLine = Readonly<Record<string, unknown>>;

/** The lines of an engine's progress. Throws as `engineLines` does. */
export async function* progressLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ProgressLine> {
  for await (const line of engineLines(chunks)) {
    if (typeof line === 'object' && line !== null) yield line as ProgressLine;
  }
}

/** The error that a line tells of. */
export const errorOfLine = ({ error, errorDetail }: ProgressLine): string | undefined => {
  if (typeof error === 'string') return error;
  if (typeof errorDetail !== 'object' || errorDetail === null) return undefined;
  const { message } = errorDetail as { readonly message?: unknown };
  return typeof message === 'string' ? message : undefined;
};
