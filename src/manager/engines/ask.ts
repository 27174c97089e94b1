import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { Clock } from '../../platform/ports.ts';
import { unlessAborted } from '../../rpc/abortable.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { NodeResponse } from '../../rpc/transport.ts';
import type { EngineRequest, Manager, NodeRecord, Queries } from '../manager.ts';
import { wholeOf } from '../../rpc/whole.ts';

/** What one node's engine said. */
export interface EngineAnswer<Value> {
  readonly record: NodeRecord;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly value: Value;
}

/** A node that gave no answer, and why. */
export interface MissingNode {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly reason: string;
}

export interface Asked<Value> {
  /** In the order of the nodes' names. */
  readonly answers: readonly EngineAnswer<Value>[];
  readonly missing: readonly MissingNode[];
}

export interface AskOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Nodes to ask; absent: all. Those that are not ready are missing without being asked. */
  readonly nodes?: readonly NodeRecord[];
  /** Each node has this long, its whole answer included. Default: 2,500. */
  readonly deadlineMs?: number;
}

const defaultDeadlineMs = 2_500;

/**
 * Asks the engines of many nodes at once and waits for each at most for its deadline. `read` makes something of an
 * answer's status and body. Who is missing: see `onNodes`.
 */
export const askEngines = async <Value>(
  manager: Pick<Manager, 'engines' | 'queries'>,
  request: EngineRequest | ((record: NodeRecord) => EngineRequest),
  read: (response: NodeResponse, record: NodeRecord) => Promise<Value>,
  options: AskOptions,
): Promise<Asked<Value>> =>
  await onNodes(
    manager,
    async (record, signal) => {
      const one = typeof request === 'function' ? request(record) : request;
      return await read(await manager.engines.request(record.node.id, one, signal), record);
    },
    options,
  );

/**
 * Does something on many nodes at once and waits for each at most for its deadline. A node that is not ready, is late or
 * whose work throws is a missing one. Throws only when the signal aborts.
 */
export const onNodes = async <Value>(
  { queries }: { readonly queries: Pick<Queries, 'nodes'> },
  work: (record: NodeRecord, signal: AbortSignal) => Promise<Value>,
  { clock, signal, nodes = queries.nodes(), deadlineMs = defaultDeadlineMs }: AskOptions,
): Promise<Asked<Value>> => {
  const answers: EngineAnswer<Value>[] = [];
  const missing: MissingNode[] = [];
  const askOne = async (record: NodeRecord): Promise<void> => {
    const { node, status } = record;
    const who = { nodeId: node.id, nodeName: nodeName(node) };
    if (status.state !== 'ready') {
      missing.push({ ...who, reason: status.message === '' ? `is ${status.state}` : status.message });
      return;
    }
    using deadline = withDeadline(clock, deadlineMs, `the engine of ${who.nodeName}`, signal);
    try {
      const value = await unlessAborted(work(record, deadline.signal), deadline.signal);
      answers.push({ record, ...who, value });
    } catch (thrown) {
      missing.push({ ...who, reason: TuttiError.from(thrown).message });
    }
  };
  await Promise.all(nodes.map(askOne));
  signal.throwIfAborted();
  const byName = (left: { readonly nodeName: string }, right: { readonly nodeName: string }): number =>
    left.nodeName < right.nodeName ? -1 : left.nodeName > right.nodeName ? 1 : 0;
  return { answers: answers.toSorted(byName), missing: missing.toSorted(byName) };
};

const mostAnswerBytes = 256 * 1024 * 1024;

interface Answer {
  readonly body: AsyncIterable<Uint8Array | string>;
}

/** The whole body as text. Throws `resource-exhausted` over `most` bytes. */
export const readAnswer = async (answer: Answer, most = mostAnswerBytes): Promise<string> =>
  (await readAnswerBytes(answer, most)).toString();

/** As `readAnswer`, as it is. */
export const readAnswerBytes = async ({ body }: Answer, most = mostAnswerBytes): Promise<Buffer> =>
  await wholeOf(
    body,
    most,
    () => new TuttiError('resource-exhausted', `the engine's answer is longer than ${most} bytes`),
  );

/** The JSON of an answer with status 2xx. Throws `internal` with the engine's message for any other. */
export const readAnswerJson = async (response: NodeResponse): Promise<unknown> => {
  const text = await readAnswer(response);
  if (response.status >= 200 && response.status < 300) {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
  throw new TuttiError('internal', engineMessage(text) ?? `the engine answered ${response.status}`);
};

/** The `message` of an engine's error body. */
export const engineMessage = (text: string): string | undefined => {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};
