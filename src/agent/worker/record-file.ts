import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { taskRecord } from './record.ts';
import type { RecordStore } from './records.ts';

/** One small file that is replaced whole: whoever reads it sees the old text or the new one, also after a power cut. */
export interface TextFile {
  /** Undefined when there is none. */
  read(): Promise<string | undefined>;
  replace(text: string): Promise<void>;
}

const content = z.object({ version: z.literal(1), tasks: z.array(taskRecord) });

/** Task records as JSON. `load` throws `corrupt` for a file that makes no sense. */
export function createRecordStore(file: TextFile): RecordStore {
  return {
    async load() {
      const text = await file.read();
      if (text === undefined) return [];
      try {
        return content.parse(JSON.parse(text)).tasks;
      } catch (cause) {
        throw new TuttiError('corrupt', 'the task records cannot be understood', { cause });
      }
    },
    async save(tasks) {
      await file.replace(`${JSON.stringify({ version: 1, tasks })}\n`);
    },
  };
}
