import type { Clock, Log, Timer } from '../../platform/ports.ts';
import { keptSince } from '../kept.ts';
import type { Kept } from '../kept.ts';
import type { TaskRecord } from './picture/record.ts';

/** Keeps the records over a restart of the agent, by the ids of their tasks. They hold no secrets. */
export interface RecordStore {
  /** Empty when there is nothing or it cannot be read. Those that were written first come first. */
  load(): Promise<readonly TaskRecord[]>;
  /** Durable when it resolves; where it rejects, what was there before is still there. */
  save(kept: Kept<TaskRecord>): Promise<void>;
}

/** Writes the records that have changed, a moment after they did: many changes, one write. */
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
  let written: ReadonlyMap<string, TaskRecord> | undefined;
  let timer: Timer | undefined;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;
  const writeIn = (ms: number): void => {
    if (!closed) timer ??= clock.after(ms, () => void flush());
  };
  const write = async (): Promise<void> => {
    if (!dirty) return;
    dirty = false;
    const records = new Map(snapshot().map((record) => [record.id as string, record]));
    try {
      await store.save(keptSince(written, records));
      written = records;
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
