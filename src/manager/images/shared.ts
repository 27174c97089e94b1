/** What one who waits is told meanwhile. */
type Listener<Note> = (note: Note) => void;

interface Running<Value, Note> {
  readonly value: Promise<Value>;
  readonly stop: AbortController;
  readonly listeners: Set<Listener<Note>>;
}

export type SharedWork<Value, Note> = (signal: AbortSignal, tell: Listener<Note>) => Promise<Value>;

/** Runs one piece of work per key, whoever asks for it while it is under way; it ends when nobody waits any more. */
export const createShared = <Value, Note>() => {
  const running = new Map<string, Running<Value, Note>>();

  const begin = (key: string, work: SharedWork<Value, Note>): Running<Value, Note> => {
    const stop = new AbortController();
    const listeners = new Set<Listener<Note>>();
    const value = work(stop.signal, (note) => listeners.forEach((listen) => listen(note)));
    const entry: Running<Value, Note> = { value, stop, listeners };
    running.set(key, entry);
    const over = () => forget(key, entry);
    value.then(over, over);
    return entry;
  };
  const forget = (key: string, entry: Running<Value, Note>): void => {
    if (running.get(key) === entry) running.delete(key);
  };

  return async (
    key: string,
    signal: AbortSignal,
    work: SharedWork<Value, Note>,
    listen: Listener<Note> = () => undefined,
  ): Promise<Value> => {
    signal.throwIfAborted();
    const entry = running.get(key) ?? begin(key, work);
    const { promise: left, reject } = Promise.withResolvers<never>();
    left.catch(() => undefined);
    const leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const own: Listener<Note> = (note) => listen(note);
    entry.listeners.add(own);
    try {
      return await Promise.race([entry.value, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      entry.listeners.delete(own);
      if (entry.listeners.size === 0) {
        // Whoever asks from here on begins anew.
        forget(key, entry);
        entry.stop.abort(new DOMException('nobody waits for it any more', 'AbortError'));
      }
    }
  };
};
