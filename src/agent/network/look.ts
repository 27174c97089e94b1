/** What may be changed while it is being read. */
export interface Changing<State> {
  read(signal: AbortSignal): Promise<State>;
  /** Grows by one when a change begins, and when it ends. */
  changes(): number;
  /** Resolves when no change runs. */
  still(): Promise<void>;
  /** Takes what is there at this moment; undefined: whoever makes the next change has to read first. */
  accept(state: State | undefined): void;
}

const attempts = 3;

/**
 * Reads without holding up changes: what was read while one was made is thrown away and read again, unless changes come
 * all the time or it cannot be read.
 */
export async function look<State>(of: Changing<State>, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    await of.still();
    signal.throwIfAborted();
    const before = of.changes();
    const state = await of.read(signal).catch(() => undefined);
    signal.throwIfAborted();
    if (of.changes() === before) return of.accept(state);
  }
  of.accept(undefined);
}
