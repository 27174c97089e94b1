import type { Task } from '../../model/task.ts';

export interface LogOptions {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Last lines of each task; absent: all. */
  readonly tail?: number;
}

/** One line, with its line feed when it had one. */
export interface LogLine {
  readonly task: Task;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

export interface Logs {
  /** Lines of all tasks, as they arrive. A node that is gone ends its part with a warning, not the whole; followed, it goes on when it is back. */
  service(reference: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  task(reference: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
}
