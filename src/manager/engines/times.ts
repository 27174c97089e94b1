import type { Definitions } from '../../platform/engine/types.generated.ts';
import { callEngine } from './call.ts';
import type { CallPorts } from './call.ts';
import type { ContainerIndex } from './container-index.ts';
import type { TimedStatus } from './status-time.ts';
import { durationText, isTimeless, timedStatus } from './status-time.ts';

type Summary = Definitions['ContainerSummary'];

/** Since when containers of one node run, or are over: a list has it rounded, and as of the time that it was made. */
export interface Times {
  /** What the engine says at this time of its own (milliseconds since the epoch); undefined: it has to be asked. */
  statusAt(summary: Summary, now: number): string | undefined;
  /** Asks the engine, two at a time, in the background; what cannot be asked stays unknown. */
  learn(summaries: readonly Summary[]): void;
  /** The engine has listed it again: what was known still holds if it says the same. */
  carry(before: Summary, after: Summary, now: number): void;
  /** It was started, or has ended. */
  forget(summary: Summary): void;
}

export interface TimesOptions extends CallPorts {
  readonly nodeId: string;
  readonly index: Pick<ContainerIndex, 'get'>;
  readonly signal: AbortSignal;
}

const deadlineMs = 15_000;
const atOnce = 2;
/** Between the engine's answer and our look at the clock. */
const slackMs = 1500;

export const createTimes = ({ nodeId, engines, index, clock, signal }: TimesOptions): Times => {
  const known = new WeakMap<Summary, number>();
  const shapes = new WeakMap<Summary, TimedStatus>();
  const queue = new Set<Summary>();
  let asking = 0;

  const shapeOf = (summary: Summary): TimedStatus | undefined => {
    const found = shapes.get(summary) ?? timedStatus(summary.Status ?? '');
    if (found !== undefined) shapes.set(summary, found);
    return found;
  };
  const isThere = (summary: Summary): boolean => index.get(nodeId, summary.Id ?? '')?.summary === summary;

  const ask = async (summary: Summary): Promise<void> => {
    const shape = shapeOf(summary);
    if (shape === undefined || !isThere(summary)) return;
    const path = `/containers/${summary.Id}/json`;
    const { body } = await callEngine({ engines, clock }, nodeId, { path, deadlineMs }, signal);
    const at = timeIn(body, shape.from);
    if (at !== undefined && isThere(summary)) known.set(summary, at);
  };
  const work = async (): Promise<void> => {
    asking += 1;
    for (let [next] = queue; next !== undefined && !signal.aborted; [next] = queue) {
      queue.delete(next);
      await ask(next).catch(() => undefined);
    }
    asking -= 1;
  };

  return {
    statusAt: (summary, now) => {
      const { Status = '' } = summary;
      if (isTimeless(Status)) return Status;
      const at = known.get(summary);
      const shape = at === undefined ? undefined : shapeOf(summary);
      return at === undefined || shape === undefined
        ? undefined
        : `${shape.before}${durationText(now - at)}${shape.after}`;
    },
    learn: (summaries) => {
      for (const summary of summaries) if (shapeOf(summary) !== undefined) queue.add(summary);
      while (asking < Math.min(atOnce, queue.size)) void work();
    },
    carry: (before, after, now) => {
      const at = known.get(before);
      const [old, shape] = [shapeOf(before), shapeOf(after)];
      if (at === undefined || shape === undefined || old?.from !== shape.from || before.State !== after.State) return;
      const around = [now - slackMs, now, now + slackMs].map((time) => durationText(time - at));
      if (around.includes(shape.duration)) known.set(after, at);
    },
    forget: (summary) => {
      known.delete(summary);
    },
  };
};

/** The time in the answer to an inspection, milliseconds since the epoch. */
const timeIn = (body: unknown, from: TimedStatus['from']): number | undefined => {
  const { State } = (body ?? {}) as {
    readonly State?: { readonly StartedAt?: unknown; readonly FinishedAt?: unknown };
  };
  const at = Date.parse(String(from === 'started' ? State?.StartedAt : State?.FinishedAt));
  return at > 0 ? at : undefined;
};
