import type * as z from 'zod';
import type { Kept } from '../agent/kept.ts';
import { nodeKeys } from '../agent/network/tunnel/key.ts';
import type { KeyStore } from '../agent/network/tunnel/ports.ts';
import type { AgentStore, DescriptionStore } from '../agent/session/ports.ts';
import { taskRecord } from '../agent/worker/picture/record.ts';
import type { TaskRecord } from '../agent/worker/picture/record.ts';
import type { RecordStore } from '../agent/worker/records.ts';
import { assignment } from '../model/assignment.ts';
import type { Assignment } from '../model/assignment.ts';
import { nodeDescription } from '../model/node.ts';
import { readText, replaceFile } from './files.ts';
import { createJournalFile } from './journal-file.ts';
import type { JournalChange } from './journal-file.ts';

/** Undefined when there is none or it cannot be read: a file of another version, or one that was cut off. */
const readJson = async <Value>(path: string, schema: z.ZodType<Value>): Promise<Value | undefined> => {
  try {
    const text = await readText(path);
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** A set on its way to a journal. */
const changeOf = <Value>({ changes }: Kept<Value>): JournalChange<Value> | undefined =>
  changes && {
    put: [...changes].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
    remove: [...changes].flatMap(([key, value]) => (value === undefined ? [key] : [])),
  };

/** The last assignments in a file. */
export const createAssignmentsFile = (path: string): AgentStore => {
  const file = createJournalFile<Assignment>(path, assignment);
  return {
    load: async () => {
      const found = await file.load();
      return found && { sequence: found.mark, assignments: found.entries };
    },
    save: async (sequence, kept) => await file.save(sequence, kept.all, changeOf(kept)),
  };
};

/** The last description of the node in a file. */
export const createDescriptionFile = (path: string): DescriptionStore => ({
  load: async () => await readJson(path, nodeDescription),
  save: async (description) => await replaceFile(path, JSON.stringify(description), 0o600),
});

/** The keys of the encryption between nodes in a file that root alone can read. */
export const createKeysFile = (path: string): KeyStore => ({
  load: async () => await readJson(path, nodeKeys),
  save: async (keys) => await replaceFile(path, JSON.stringify(keys), 0o600),
});

/** The worker's records in a file. */
export const createRecordsFile = (path: string): RecordStore => {
  const file = createJournalFile<TaskRecord>(path, taskRecord);
  return {
    load: async () => [...((await file.load())?.entries.values() ?? [])],
    save: async (kept) => await file.save(0, kept.all, changeOf(kept)),
  };
};
