import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import type { LogSink } from './log.ts';

/**
 * A sink into a file that is renamed to `<path>.1` when it has grown to `maxBytes`, so that both together stay below
 * twice that. Writing is synchronous (a crash loses no line). A disk that is full loses lines, not the daemon.
 */
export const createFileSink = (path: string, maxBytes: number): LogSink & Disposable => {
  let descriptor = openSync(path, 'a', 0o640);
  let size = statSync(path).size;
  const rotate = () => {
    // Somebody may have moved or deleted it already.
    if (existsSync(path)) renameSync(path, `${path}.1`);
    const next = openSync(path, 'a', 0o640);
    // Last, so that a fault before it leaves a descriptor that is ours: a closed one's number may soon be another file's.
    closeSync(descriptor);
    descriptor = next;
    size = 0;
  };
  const write = (line: string) => {
    try {
      if (size >= maxBytes) rotate();
      size += writeSync(descriptor, `${line}\n`);
    } catch {
      // Nobody is left to tell.
    }
  };
  return Object.assign(write, { [Symbol.dispose]: () => closeSync(descriptor) });
};
