import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import { createFrameReader } from '../../rpc/frames.ts';
import type { EngineEvent, Engines } from '../manager.ts';
import type { Progress } from './event.ts';
import { parseEvent, touchedBy } from './event.ts';
import type { Keeper } from './keeper.ts';

export interface FeedOptions {
  readonly nodeId: string;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
  readonly keeper: Keeper;
  readonly progress: Progress;
  readonly publish: (event: EngineEvent['event']) => void;
  /** Everything has been read, and events tell of what changes. */
  readonly listed: () => void;
}

const headDeadlineMs = 10_000;
const maxEventBytes = 1024 * 1024;
const leastPauseMs = 100;
const longestPauseMs = 5000;

/**
 * Follows the events of a node's engine until the signal aborts: what they touch is read again, and all of it whenever the
 * stream had to be opened anew. A new stream goes on where the one before broke off.
 */
export const runFeed = async (options: FeedOptions, signal: AbortSignal): Promise<void> => {
  const { clock, log, nodeId } = options;
  for (let failures = 0; !signal.aborted; failures += 1) {
    const began = { read: false };
    try {
      await follow(options, signal, () => (began.read = true));
    } catch (thrown) {
      if (signal.aborted) return;
      log.debug('the events of an engine broke off', { node: nodeId, error: TuttiError.from(thrown).message });
    }
    if (began.read) failures = 0;
    await clock.sleep(Math.min(leastPauseMs * 2 ** failures, longestPauseMs), signal).catch(() => undefined);
  }
};

const follow = async (options: FeedOptions, outer: AbortSignal, read: () => void): Promise<void> => {
  // Ends the stream too when what it tells of cannot be read.
  const broken = new AbortController();
  const signal = AbortSignal.any([outer, broken.signal]);
  const body = await open(options, signal);
  const { keeper, publish, progress } = options;
  const failed = (thrown: unknown): void => broken.abort(thrown);
  const take = createFrameReader(maxEventBytes, (line) => {
    const event = parseEvent(line);
    if (event === undefined || !progress.note(event)) return;
    publish(event);
    const touched = touchedBy(event);
    if (touched.kind === 'container') keeper.containers([touched.id]).catch(failed);
    else if (touched.kind === 'images') keeper.images().catch(failed);
  });
  try {
    const listing = keeper.everything().then(() => {
      read();
      options.listed();
    });
    listing.catch(failed);
    for await (const chunk of body) take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  } finally {
    broken.abort(new TuttiError('cancelled', 'the events ended'));
  }
};

const open = async (options: FeedOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
  const { nodeId, clock, engines, progress } = options;
  using limit = withDeadline(clock, headDeadlineMs, `the events of node ${nodeId}`, signal);
  const since = progress.since();
  const path = since === undefined ? '/events' : `/events?since=${since}`;
  const response = await engines.request(nodeId, { method: 'GET', path }, limit.signal);
  if (response.status === 200) return response.body;
  throw new TuttiError('unavailable', `the engine of node ${nodeId} answered ${response.status} to GET /events`);
};
