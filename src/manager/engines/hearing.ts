import { TuttiError } from '../../model/errors.ts';
import { nodeNow, nowHeader } from '../../rpc/engine.ts';
import type { EngineEvent, Engines } from '../manager.ts';
import { readAnswer } from './ask.ts';
import type { Progress, Touched } from './event.ts';
import { parseEvent, touchedBy } from './event.ts';

/** The events of one engine, each once, from wherever it is heard first. */
export interface Hearing {
  readonly progress: Progress;
  /** A line of the engine's. `failed`: what it touches could not be read. */
  take(line: string, failed: (thrown: unknown) => void): void;
  /**
   * Hears all that the engine has told until now, though the stream may not have brought it yet. Gives the engine's time,
   * milliseconds since the epoch; undefined where it cannot be asked so.
   */
  catchUp(signal: AbortSignal): Promise<number | undefined>;
}

export interface HearingOptions {
  readonly nodeId: string;
  readonly engines: Engines;
  readonly progress: Progress;
  readonly publish: (event: EngineEvent['event']) => void;
  /** Reads what an event touches. */
  readonly read: (touched: Touched, event: EngineEvent['event']) => Promise<void>;
}

export const createHearing = ({ nodeId, engines, progress, publish, read }: HearingOptions): Hearing => {
  const take: Hearing['take'] = (line, failed) => {
    const event = parseEvent(line);
    if (event === undefined || !progress.note(event)) return;
    publish(event);
    read(touchedBy(event), event).catch(failed);
  };
  return {
    progress,
    take,
    catchUp: async (signal) => {
      const since = progress.since();
      if (since === undefined) return undefined;
      const path = `/events?since=${since}&until=${nodeNow}`;
      const response = await engines.request(nodeId, { method: 'GET', path }, signal);
      const text = await readAnswer(response);
      const now = Number(response.headers?.[nowHeader] ?? Number.NaN);
      // As an agent of the release before answers.
      if (!Number.isFinite(now)) return undefined;
      if (response.status !== 200) {
        throw new TuttiError('unavailable', `the engine of node ${nodeId} answered ${response.status} to GET /events`);
      }
      for (const line of text.split('\n')) if (line !== '') take(line, () => undefined);
      return now;
    },
  };
};
