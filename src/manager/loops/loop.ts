import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log, Timer } from '../../platform/ports.ts';
import type { Commit, Store, View } from '../../store/store.ts';

/** What a pass tells the loop besides its commits. */
export interface PassContext {
  /** Marks the key dirty again at this moment (milliseconds since the epoch). The earliest of several counts. */
  wakeAt(key: string, time: number): void;
}

/** One control loop: which keys a commit makes dirty, and what to do with the dirty ones. */
export interface LoopDefinition {
  readonly name: string;
  /** Marks what must be looked at after a commit. Runs inside the commit: no reads beyond what it is given are needed. */
  readonly dirty: (commit: Commit, mark: (key: string) => void) => void;
  /** Every key, for the full pass at the start and on the timer. */
  readonly all: (view: View) => Iterable<string>;
  /** Looks at the keys again: snapshot, decide, commit. What it throws is logged, and the keys are tried again later. */
  readonly pass: (keys: ReadonlySet<string>, context: PassContext) => Promise<void>;
}

export interface LoopPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Loop extends AsyncDisposable {
  /** Marks keys dirty for a reason that no commit tells. */
  mark(keys: Iterable<string>): void;
}

/** How often everything is compared, whatever was or was not heard. */
const fullPassMs = 30_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;

/**
 * Runs a loop until it is disposed: dirty keys are gathered while a pass runs and taken together by the next one.
 * Disposal waits for the pass that is running.
 */
export const startLoop = (definition: LoopDefinition, ports: LoopPorts): Loop => {
  const { store, clock } = ports;
  const log = ports.log.with({ loop: definition.name });
  const wakes = new Map<string, { readonly time: number; readonly timer: Timer }>();
  let dirty = new Set<string>();
  let running: Promise<void> | undefined;
  let retryMs = firstRetryMs;
  let retry: Timer | undefined;
  let stopped = false;

  const mark = (key: string): void => {
    dirty.add(key);
  };
  const kick = (): void => {
    if (stopped || running !== undefined || retry !== undefined || dirty.size === 0) return;
    running = Promise.resolve().then(drain);
  };
  const wakeAt = (key: string, time: number): void => {
    const known = wakes.get(key);
    if (stopped || (known !== undefined && known.time <= time)) return;
    known?.timer.cancel();
    const timer = clock.after(Math.max(0, time - clock.now()), () => {
      wakes.delete(key);
      mark(key);
      kick();
    });
    wakes.set(key, { time, timer });
  };
  const onFailure = (keys: ReadonlySet<string>, thrown: unknown): void => {
    if (stopped) return;
    const error = TuttiError.from(thrown);
    log.error('pass failed, trying again', { code: error.code, error: error.message, keys: keys.size, retryMs });
    for (const key of keys) dirty.add(key);
    retry = clock.after(retryMs, () => {
      retry = undefined;
      kick();
    });
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  };
  const drain = async (): Promise<void> => {
    while (!stopped && retry === undefined && dirty.size > 0) {
      const keys = dirty;
      dirty = new Set();
      try {
        await definition.pass(keys, { wakeAt });
        retryMs = firstRetryMs;
      } catch (error) {
        onFailure(keys, error);
      }
    }
    running = undefined;
  };
  const everything = (): void => {
    for (const key of definition.all(store.view)) mark(key);
    timer = clock.after(fullPassMs, everything);
    kick();
  };

  const subscription = store.subscribe((commit) => {
    definition.dirty(commit, mark);
    kick();
  });
  let timer: Timer = clock.after(0, everything);
  return {
    mark: (keys) => {
      for (const key of keys) mark(key);
      kick();
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      subscription[Symbol.dispose]();
      timer.cancel();
      retry?.cancel();
      for (const wake of wakes.values()) wake.timer.cancel();
      await running;
    },
  };
};
