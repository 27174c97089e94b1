import { TuttiError } from '../../model/errors.ts';
import { callEngine } from './call.ts';
import type { CallPorts } from './call.ts';

export interface Asked {
  /** What the nodes that know it answered. */
  readonly found: readonly { readonly nodeId: string; readonly body: unknown }[];
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
}

/** Asks each node at the same time; one that does not know it answers anything but 200. */
export const askNodes = async (
  ports: CallPorts,
  nodeIds: readonly string[],
  call: { readonly path: string; readonly deadlineMs: number },
  signal: AbortSignal,
): Promise<Asked> => {
  const answers = await Promise.all(
    nodeIds.map(async (nodeId) => {
      try {
        return { nodeId, answer: await callEngine(ports, nodeId, call, signal) };
      } catch {
        return { nodeId };
      }
    }),
  );
  signal.throwIfAborted();
  return {
    found: answers.flatMap(({ nodeId, answer }) => (answer?.status === 200 ? [{ nodeId, body: answer.body }] : [])),
    missing: answers.flatMap(({ nodeId, answer }) => (answer === undefined ? [nodeId] : [])),
  };
};

/** A field of an engine's answer that has to be a text. */
export const textOf = (body: unknown, field: string): string => {
  const value =
    typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[field] : undefined;
  return typeof value === 'string' ? value : '';
};

/** `No such container: x`, and who could not be asked. */
export const missed = (what: string, reference: string, missing: readonly string[]): TuttiError => {
  const unasked = missing.length === 0 ? '' : ` (not answering: ${missing.join(', ')})`;
  return new TuttiError('not-found', `No such ${what}: ${reference}${unasked}`);
};
