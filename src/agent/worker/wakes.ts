import type { Clock, Timer } from '../../platform/ports.ts';

/** Moments at which something is to be looked at again: one timer for all of them. */
export interface Wakes<Key> extends Disposable {
  /** Replaces the key's earlier moment. */
  set(key: Key, at: number): void;
  delete(key: Key): void;
}

export function createWakes<Key>(clock: Clock, call: (key: Key) => void): Wakes<Key> {
  const moments = new Map<Key, number>();
  let timer: { readonly at: number; readonly timer: Timer } | undefined;
  const arm = (): void => {
    const next = Math.min(...moments.values());
    if (timer !== undefined && timer.at <= next) return;
    timer?.timer.cancel();
    timer = undefined;
    if (moments.size > 0) timer = { at: next, timer: clock.after(Math.max(0, next - clock.now()), fire) };
  };
  const fire = (): void => {
    timer = undefined;
    const now = clock.now();
    const due = [...moments].filter(([, at]) => at <= now).map(([key]) => key);
    for (const key of due) moments.delete(key);
    arm();
    for (const key of due) call(key);
  };
  return {
    set(key, at) {
      moments.set(key, at);
      arm();
    },
    delete: (key) => void moments.delete(key),
    [Symbol.dispose]() {
      moments.clear();
      timer?.timer.cancel();
    },
  };
}
