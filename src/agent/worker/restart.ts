import type { RestartPolicy } from '../../model/service.ts';

/** How a task ended, as far as its restart depends on it. */
export interface EndedRun {
  readonly policy: RestartPolicy;
  readonly job: boolean;
  readonly failed: boolean;
  /** When each earlier restart of the lineage was decided, oldest first. */
  readonly restarts: readonly number[];
  /** How long it was running. */
  readonly ranMs: number;
  readonly now: number;
}

export type RestartDecision =
  | { readonly restart: true; readonly at: number }
  | { readonly restart: false; readonly reason: string };

/** The pause before the second restart in a row; it doubles with each further one up to the bound. */
export const firstPauseMs = 500;
export const longestPauseMs = 60_000;
/** A run of this length forgives what was before. */
export const healthyRunMs = 30_000;

/**
 * Whether a task that ended is started again in place, and when. The user's delay is taken as it is; without one the
 * first restart is at once and those that follow without a healthy run in between are spaced further and further.
 */
export function decideRestart(run: EndedRun): RestartDecision {
  const condition = run.policy.condition ?? 'any';
  if (run.job && !run.failed) return { restart: false, reason: 'completed' };
  if (condition === 'none') return { restart: false, reason: 'the restart policy is none' };
  if (condition === 'on-failure' && !run.failed) return { restart: false, reason: 'finished' };
  const { maxAttempts = 0, windowMs = 0 } = run.policy;
  const counted = windowMs === 0 ? run.restarts : run.restarts.filter((at) => at > run.now - windowMs);
  if (maxAttempts > 0 && counted.length >= maxAttempts) {
    return { restart: false, reason: `restarted ${counted.length} times, as often as the restart policy allows` };
  }
  return { restart: true, at: run.now + (run.policy.delayMs ?? backOff(run)) };
}

function backOff({ restarts, ranMs, now }: EndedRun): number {
  if (ranMs >= healthyRunMs) return 0;
  const inARow = restartsInARow(restarts, now);
  return inARow === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (inARow - 1));
}

/** The latest restarts between which no run can have been a healthy one. */
function restartsInARow(restarts: readonly number[], now: number): number {
  let count = 0;
  let next = now;
  for (const at of restarts.toReversed()) {
    if (next - at > longestPauseMs + healthyRunMs) break;
    count += 1;
    next = at;
  }
  return count;
}
