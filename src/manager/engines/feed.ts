import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import { nodeNow, nowHeader } from '../../rpc/engine.ts';
import { createFrameReader } from '../../rpc/frames.ts';
import type { NodeResponse } from '../../rpc/transport.ts';
import type { Engines } from '../manager.ts';
import { readAnswer } from './ask.ts';
import type { Hearing } from './hearing.ts';

export interface FeedOptions {
  readonly nodeId: string;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
  readonly hearing: Hearing;
  /** Reads everything. */
  readonly everything: () => Promise<void>;
  /** Everything has been read, and events tell of what changes; until `broken`. */
  readonly listed: () => void;
  readonly broken: () => void;
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
  const failed = (thrown: unknown): void => broken.abort(thrown);
  const body = await open(options, signal);
  const take = createFrameReader(maxEventBytes, (line) => options.hearing.take(line, failed));
  try {
    const listing = options.everything().then(() => {
      if (signal.aborted) return;
      read();
      options.listed();
    });
    listing.catch(failed);
    for await (const chunk of body) take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  } finally {
    options.broken();
    broken.abort(new TuttiError('cancelled', 'the events ended'));
  }
};

const open = async (options: FeedOptions, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
  const { nodeId, clock, engines, hearing } = options;
  using limit = withDeadline(clock, headDeadlineMs, `the events of node ${nodeId}`, signal);
  const ask = async (path: string): Promise<NodeResponse> =>
    await engines.request(nodeId, { method: 'GET', path }, limit.signal);
  const since = hearing.progress.since();
  let response = await ask(`/events?since=${since ?? nodeNow}`);
  if (since === undefined && response.status >= 400) {
    // An agent of the release before says nothing of its time, and its engine knows no `now`.
    await readAnswer(response);
    response = await ask('/events');
  }
  const now = Number(response.headers?.[nowHeader] ?? Number.NaN);
  if (response.status !== 200) {
    throw new TuttiError('unavailable', `the engine of node ${nodeId} answered ${response.status} to GET /events`);
  }
  if (Number.isFinite(now)) hearing.progress.begin(now);
  return response.body;
};
