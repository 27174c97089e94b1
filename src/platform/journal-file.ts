import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';
import { readText, replaceFile } from './files.ts';

/** What is different now: values that are put, keys that go. */
export interface JournalChange<Value> {
  readonly put: Iterable<readonly [string, Value]>;
  readonly remove: Iterable<string>;
}

/** A keyed set in a file, with a number beside it. */
export interface JournalFile<Value> {
  /** Undefined when there is none or it cannot be read. */
  load(): Promise<{ readonly mark: number; readonly entries: ReadonlyMap<string, Value> } | undefined>;
  /**
   * Durable when it resolves; where it rejects, what was there before is still there. `change`, all that differs since the
   * last call that resolved, is written behind what is there; without one, and whenever the file has grown to twice what it began with, `all` replaces it.
   */
  save(mark: number, all: () => ReadonlyMap<string, Value>, change?: JournalChange<Value>): Promise<void>;
}

/** A smaller file is not worth replacing. */
const leastGrowth = 64 * 1024;
const mode = 0o600;

/**
 * The file begins with a line for the whole set, and has one for each change after it. A line is the checksum of what
 * follows it: one that was cut off, which can only be the last, was never acknowledged and counts as not written.
 */
export const createJournalFile = <Value>(path: string, value: z.ZodType<Value>): JournalFile<Value> => {
  const record = z.object({
    mark: z.number().int(),
    put: z.array(z.tuple([z.string(), value])),
    remove: z.array(z.string()),
  });
  /** Length of what this process has written; undefined when it must begin anew. */
  let length: number | undefined;
  let whole = 0;

  const replace = async (text: string): Promise<void> => {
    await replaceFile(path, text, mode);
    length = undefined;
    await syncDirectory(path);
    length = Buffer.byteLength(text);
    whole = length;
  };
  return {
    load: async () => {
      try {
        const text = await readText(path);
        if (text === undefined) return undefined;
        let mark = 0;
        const entries = new Map<string, Value>();
        for (const line of linesOf(text)) {
          const change = record.parse(JSON.parse(line));
          mark = change.mark;
          for (const key of change.remove) entries.delete(key);
          for (const [key, item] of change.put) entries.set(key, item);
        }
        return { mark, entries };
      } catch {
        // A file of another version, or one that the disk has spoiled.
        return undefined;
      }
    },
    save: async (mark, all, change) => {
      if (length !== undefined && change !== undefined) {
        const line = lineOf({ mark, put: [...change.put], remove: [...change.remove] });
        const next = length + Buffer.byteLength(line);
        if (next <= whole + Math.max(whole, leastGrowth)) {
          const untouched = length;
          length = undefined;
          await append(path, line, untouched, () => (length = untouched));
          length = next;
          return;
        }
      }
      await replace(lineOf({ mark, put: [...all()], remove: [] }));
    },
  };
};

const lineOf = (value: unknown): string => {
  const text = JSON.stringify(value);
  return `${checksum(text)} ${text}\n`;
};

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** The lines that are whole. Throws when one before the last is not, or the first. */
const linesOf = (text: string): readonly string[] => {
  const lines = text.split('\n');
  const last = lines.length - 1;
  const found: string[] = [];
  for (const [index, line] of lines.entries()) {
    const body = line.slice(9);
    if (index < last && line === `${checksum(body)} ${body}`) found.push(body);
    // What follows the last newline is empty, or was cut off. A line may be cut off with its newline in place.
    else if (index < last - 1 || found.length === 0) throw new TuttiError('corrupt', 'a line is spoiled');
  }
  return found;
};

/** Adds to a file that has `length` bytes. What could not be added whole is taken back; `takenBack` says that it was. */
const append = async (path: string, text: string, length: number, takenBack: () => void): Promise<void> => {
  try {
    await using file = await open(path, 'r+');
    const { size } = await file.stat();
    if (size !== length) throw new TuttiError('conflict', `it has ${size} bytes where ${length} were written`);
    try {
      const bytes = Buffer.from(text);
      // A disk that fills up takes a part, and refuses the next.
      for (let done = 0; done < bytes.length; ) {
        done += (await file.write(bytes, done, bytes.length - done, length + done)).bytesWritten;
      }
      await file.datasync();
    } catch (error) {
      await file.truncate(length).then(takenBack, () => undefined);
      throw error;
    }
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'resource-exhausted' : 'internal';
    throw new TuttiError(code, `${path} cannot be written: ${error.message}`, { cause: error });
  }
};

/** A file that was renamed is there after a power cut only when its directory is on disk. */
const syncDirectory = async (path: string): Promise<void> => {
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
};
