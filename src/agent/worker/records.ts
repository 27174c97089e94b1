import type { Clock, Log, Timer } from '../../platform/ports.ts';
import type { TaskRecord } from './record.ts';

/** Keeps the records over a restart of the agent. They hold no secrets. */
export interface RecordStore {
  /** Empty when there is nothing or it cannot be read. */
  load(): Promise<readonly TaskRecord[]>;
  /** Replaces everything; durable when it resolves. */
  save(records: readonly TaskRecord[]): Promise<void>;
}

/** Writes the records a moment after they change: many changes, one write. */
export interface RecordWriter {
  changed(): void;
  /** Everything that has changed so far is durable, or a warning was logged. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const delayMs = 200;
/** What could not be written is tried again after this. */
const retryMs = 1_000;

export function createRecordWriter(
  store: RecordStore,
  snapshot: () => readonly TaskRecord[],
  clock: Clock,
  log: Log,
): RecordWriter {
  let dirty = false;
  let timer: Timer | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;
  const writeIn = (ms: number): void => {
    if (!closed) timer ??= clock.after(ms, () => void flush());
  };
  const write = async (): Promise<void> => {
    if (!dirty) return;
    dirty = false;
    try {
      await store.save(snapshot());
    } catch (cause) {
      // A full disk must not stop containers from running: what is lost is history, and the engine has the labels.
      log.warn('cannot write the task records', { error: cause instanceof Error ? cause.message : String(cause) });
      dirty = true;
      writeIn(retryMs);
    }
  };
  const flush = async (): Promise<void> => {
    timer?.cancel();
    timer = undefined;
    writing = writing.then(write);
    await writing;
  };
  return {
    changed() {
      dirty = true;
      writeIn(delayMs);
    },
    flush,
    async close() {
      closed = true;
      await flush();
    },
  };
}
