import { TuttiError } from '../../model/errors.ts';
import { engineMessage, readAnswer } from '../../manager/engines/ask.ts';
import { errorOfLine, progressLines } from '../../manager/images/lines.ts';
import type { ProgressLine } from '../../manager/images/lines.ts';
import { Merge } from '../../rpc/merge.ts';
import type { NodeResponse } from '../../rpc/transport.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';
import { errorReply } from './errors.ts';

/** One node's part in something that many nodes do at once, told as Docker's progress. */
export interface Part {
  readonly nodeName: string;
  readonly response: Promise<NodeResponse>;
}

export interface ProgressOptions {
  readonly signal: AbortSignal;
  /** How a remark is told: pulls have a `status`, loads a `stream`. */
  readonly remark: (text: string) => ProgressLine;
  /** What a node has not done: `not pulled`. */
  readonly undone: string;
}

type Failure = { readonly nodeName: string; readonly message: string; readonly status: number };

/**
 * The progress of all nodes in one stream: ids are named by node (`node1: a2abf6c4d29d`) where there are several, so that
 * a display has one line for each; what has no id is told once, at the end. A node that fails is a remark as long as
 * another succeeds. Where all refuse before anything was told, the answer is the first one's refusal.
 */
export const progressReply = async (parts: readonly Part[], options: ProgressOptions): Promise<Reply> => {
  const failures: Failure[] = [];
  const settled = await firstAnswer(parts, failures, options.signal);
  if (settled === undefined) return refusalOf(failures);
  return {
    kind: 'stream',
    status: 200,
    chunks: linesOf(parts, failures, options),
    headers: { 'content-type': 'application/json' },
  };
};

/** Waits until one node begins; undefined where none will. */
const firstAnswer = async (
  parts: readonly Part[],
  failures: Failure[],
  signal: AbortSignal,
): Promise<true | undefined> => {
  const began = parts.map(async ({ nodeName, response }) => {
    const failure = await failureOf(nodeName, response);
    if (failure === undefined) return true as const;
    failures.push(failure);
    throw new TuttiError('unavailable', failure.message);
  });
  try {
    return await Promise.any(began);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
};

const failureOf = async (nodeName: string, response: Promise<NodeResponse>): Promise<Failure | undefined> => {
  try {
    const answer = await response;
    if (answer.status < 300) return undefined;
    const text = await readAnswer(answer, 65_536);
    return { nodeName, message: engineMessage(text) ?? text, status: answer.status };
  } catch (thrown) {
    const reply = errorReply(thrown);
    return { nodeName, message: TuttiError.from(thrown).message, status: reply.status };
  }
};

const refusalOf = ([first]: readonly Failure[]): Reply =>
  first === undefined ? json({ message: 'no node is ready' }, 503) : json({ message: first.message }, first.status);

async function* linesOf(
  parts: readonly Part[],
  failures: Failure[],
  { signal, remark, undone }: ProgressOptions,
): AsyncGenerator<string> {
  using merge = new Merge<ProgressLine>(signal, () => undefined);
  const said: { readonly nodeName: string; readonly line: ProgressLine }[] = [];
  const several = parts.length > 1;
  let succeeded = 0;

  const ofNode = async function* ({ nodeName, response }: Part): AsyncGenerator<ProgressLine> {
    const answer = await response.catch(() => undefined);
    // Its refusal is among the failures already.
    if (answer === undefined || answer.status >= 300) return;
    try {
      for await (const line of progressLines(answer.body)) {
        const error = errorOfLine(line);
        if (error !== undefined) throw new TuttiError('internal', error);
        if (typeof line['id'] === 'string') yield several ? { ...line, id: `${nodeName}: ${line['id']}` } : line;
        else if (several) said.push({ nodeName, line });
        else yield line;
      }
      succeeded += 1;
    } catch (thrown) {
      failures.push({ nodeName, message: TuttiError.from(thrown).message, status: 500 });
    }
  };
  for (const part of parts) merge.add(() => ofNode(part));
  merge.finish();
  for await (const line of merge.items()) yield format(line);
  for (const line of summary(said)) yield format(line);
  if (succeeded > 0) {
    for (const { nodeName, message } of failures) yield format(remark(`${nodeName}: ${undone}: ${message}`));
  } else {
    const message = failures[0]?.message ?? 'no node has done it';
    yield format({ errorDetail: { message }, error: message });
  }
}

/** What the nodes said at their end, each text once. */
const summary = (said: readonly { readonly line: ProgressLine }[]): readonly ProgressLine[] => {
  const texts = new Map(said.map(({ line }) => [JSON.stringify(line), line]));
  return [...texts.values()];
};

const format = (line: ProgressLine): string => `${JSON.stringify(line)}\r\n`;
