import type { DeepReadonly } from '../../model/object.ts';
import type { Task } from '../../model/task.ts';
import type { LogRequestOptions } from '../../rpc/logs.ts';

export type LogOptions = DeepReadonly<LogRequestOptions>;

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
