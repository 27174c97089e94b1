import type { Service, UpdatePolicy } from '../../model/service.ts';

/** An update policy with nothing left open. */
export interface FullPolicy {
  /** Places replaced at once; Infinity for all. */
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly order: 'stop-first' | 'start-first';
}

const defaultMonitorMs = 5_000;

const fill = (policy: UpdatePolicy): FullPolicy => ({
  parallelism: policy.parallelism === 0 ? Number.POSITIVE_INFINITY : (policy.parallelism ?? 1),
  delayMs: policy.delayMs ?? 0,
  failureAction: policy.failureAction ?? 'pause',
  monitorMs: policy.monitorMs ?? defaultMonitorMs,
  maxFailureRatio: policy.maxFailureRatio ?? 0,
  order: policy.order ?? 'stop-first',
});

export const isRollback = (service: Service): boolean => service.updateStatus?.state.startsWith('rollback') === true;

/** The policy in force: a rollback has its own, and does not roll back again. */
export const policyOf = (service: Service): FullPolicy => {
  if (!isRollback(service)) return fill(service.spec.update ?? {});
  const policy = fill(service.spec.rollback ?? {});
  return policy.failureAction === 'rollback' ? { ...policy, failureAction: 'pause' } : policy;
};
