import * as z from 'zod';
import type { AgentStore, DescriptionStore } from '../agent/session/ports.ts';
import { taskRecord } from '../agent/worker/record.ts';
import type { RecordStore } from '../agent/worker/records.ts';
import { assignment } from '../model/assignment.ts';
import { nodeDescription } from '../model/node.ts';
import { assignmentKey } from '../model/protocol.ts';
import { readText, replaceFile } from './files.ts';

const stored = z.object({ sequence: z.number().int(), assignments: z.array(assignment) });
const records = z.array(taskRecord);

/** Undefined when there is none or it cannot be read: a file of another version, or one that was cut off. */
const readJson = async <Value>(path: string, schema: z.ZodType<Value>): Promise<Value | undefined> => {
  try {
    const text = await readText(path);
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** The last assignments in a file. */
export const createAssignmentsFile = (path: string): AgentStore => ({
  load: async () => {
    const found = await readJson(path, stored);
    if (found === undefined) return undefined;
    return {
      sequence: found.sequence,
      assignments: new Map(found.assignments.map((item) => [assignmentKey(item), item])),
    };
  },
  save: async (sequence, assignments) => {
    await replaceFile(path, JSON.stringify({ sequence, assignments: [...assignments.values()] }), 0o600);
  },
});

/** The last description of the node in a file. */
export const createDescriptionFile = (path: string): DescriptionStore => ({
  load: async () => await readJson(path, nodeDescription),
  save: async (description) => await replaceFile(path, JSON.stringify(description), 0o600),
});

/** The worker's records in a file. */
export const createRecordsFile = (path: string): RecordStore => ({
  load: async () => (await readJson(path, records)) ?? [],
  save: async (all) => await replaceFile(path, JSON.stringify(all), 0o600),
});
