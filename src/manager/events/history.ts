import type { Clock } from '../../platform/ports.ts';
import { nodeName } from '../../model/node.ts';
import { createFrameReader } from '../../rpc/frames.ts';
import { onNodes } from '../engines/ask.ts';
import { parseEvent } from '../engines/event.ts';
import type { EngineEvent, Engines, Queries } from '../manager.ts';

/** Times lose their last digits as numbers: a little more is asked for. */
export const slackMs = 0.002;
const maxEventBytes = 1024 * 1024;
const deadlineMs = 2_500;

interface HistoryPorts {
  readonly engines: Engines;
  readonly queries: Queries;
  readonly clock: Clock;
}

/**
 * What the engines still know of that time (each keeps its last 256 events), in no order. Times are milliseconds since
 * the epoch, `until` at most now. A node that does not end its answer in time gives what it has given so far.
 */
export const readHistory = async (
  { engines, queries, clock }: HistoryPorts,
  span: { readonly since: number; readonly until: number },
  signal: AbortSignal,
): Promise<readonly EngineEvent[]> => {
  const found: EngineEvent[] = [];
  const path = `/events?since=${secondsOf(Math.max(0, span.since - slackMs))}&until=${secondsOf(span.until)}`;
  await onNodes(
    { queries },
    async ({ node }, limit) => {
      const who = { nodeId: node.id, nodeName: nodeName(node) };
      const { status, body } = await engines.request(node.id, { method: 'GET', path }, limit);
      const take = createFrameReader(maxEventBytes, (line) => {
        const event = parseEvent(line);
        if (event !== undefined && status === 200) found.push({ ...who, event });
      });
      for await (const chunk of body) take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    },
    { clock, signal, deadlineMs },
  );
  return found;
};

/** As engines read moments: seconds and nanoseconds. */
const secondsOf = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  return `${seconds}.${String(Math.floor((ms - seconds * 1000) * 1e6)).padStart(9, '0')}`;
};
