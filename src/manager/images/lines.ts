import { TuttiError } from '../../model/errors.ts';

const longest = 1024 * 1024;

/** What an engine tells of its progress: one JSON object per line. */
export type ProgressLine = Readonly<Record<string, unknown>>;

/** The lines of an engine's progress. Throws `internal` for a line longer than a megabyte, or one that is no JSON object. */
export async function* progressLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ProgressLine> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield* parsed(line);
    if (rest.length > longest) throw new TuttiError('internal', 'the engine sent a line longer than a megabyte');
  }
  yield* parsed(rest);
}

function* parsed(line: string): Generator<ProgressLine> {
  if (line.trim() === '') return;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new TuttiError('internal', `the engine sent a line that is not JSON: ${line.slice(0, 200)}`, { cause });
  }
  if (typeof value === 'object' && value !== null) yield value as ProgressLine;
}

/** The error that a line tells of. */
export const errorOfLine = ({ error, errorDetail }: ProgressLine): string | undefined => {
  if (typeof error === 'string') return error;
  if (typeof errorDetail !== 'object' || errorDetail === null) return undefined;
  const { message } = errorDetail as { readonly message?: unknown };
  return typeof message === 'string' ? message : undefined;
};
