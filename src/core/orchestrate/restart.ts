import type { RestartPolicy } from '../../model/service.ts';
import type { KnownTask } from '../task/known.ts';

/** Whether a task that ended is followed by another. */
export type Restart =
  | { readonly kind: 'final' }
  | { readonly kind: 'again'; readonly attempt: number; readonly notBefore?: number };

/** A task that ran this long is not one that keeps failing: its back-off begins anew. */
const steadyMs = 60_000;
const firstBackoffMs = 1_000;
const lastBackoffMs = 60_000;

/** Pause before replacement number `attempt` (from 1): none, then 1, 2, 4 … 60 s, unless the policy sets it. */
const pauseOf = (policy: RestartPolicy, attempt: number): number =>
  policy.delayMs ?? (attempt <= 1 ? 0 : Math.min(firstBackoffMs * 2 ** Math.min(attempt - 2, 16), lastBackoffMs));

/**
 * Whether and when a task that ended without a successor of the agent's is replaced. Agents restart crashed containers
 * by themselves; what comes here could not be started (the image is missing), or the agent's attempts are used up.
 * A node's loss is no restart: it does not count and is not asked here.
 */
export const restartOf = (known: KnownTask, options: { readonly now: number; readonly job: boolean }): Restart => {
  const { task, status } = known;
  const policy = task.spec.restart ?? {};
  const condition = policy.condition ?? 'any';
  const completed = status.state === 'complete';
  if (completed && (options.job || condition === 'on-failure')) return { kind: 'final' };
  if (condition === 'none') return { kind: 'final' };
  const steady = known.runningSince !== undefined && status.timestamp - known.runningSince >= steadyMs;
  const attempt = (steady ? 0 : (task.attempt ?? 0)) + 1;
  const most = policy.maxAttempts ?? 0;
  if (most > 0 && attempt > most) return { kind: 'final' };
  const pause = pauseOf(policy, attempt);
  return pause === 0 ? { kind: 'again', attempt } : { kind: 'again', attempt, notBefore: options.now + pause };
};
