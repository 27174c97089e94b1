import { TuttiError } from '../model/errors.ts';
import type { Clock } from '../platform/ports.ts';

/** A signal that aborts with `signal`, or with `deadline-exceeded` after `ms`. Dispose it when the work is done. */
export const withDeadline = (
  clock: Pick<Clock, 'after'>,
  ms: number,
  what: string,
  signal?: AbortSignal,
): Disposable & { readonly signal: AbortSignal } => {
  const late = new AbortController();
  const timer = clock.after(ms, () =>
    late.abort(new TuttiError('deadline-exceeded', `${what} took longer than ${ms} ms`)),
  );
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => timer.cancel(),
  };
};
