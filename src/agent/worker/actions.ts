import type { TaskId } from '../../model/ids.ts';
import type { TaskState } from '../../model/task.ts';
import type { TaskRecord } from './picture/record.ts';

/** What is to be done for the tasks of one slot. The same list is what tests expect. */
export type Action =
  /** Pull the image that the engine lacks (or that is always pulled). */
  | { readonly kind: 'pull'; readonly taskId: TaskId }
  /** Make the containers that are missing. */
  | { readonly kind: 'prepare'; readonly taskId: TaskId }
  /** Start those that are made. */
  | { readonly kind: 'start'; readonly taskId: TaskId }
  /** Say where it is now; nothing is done. */
  | { readonly kind: 'report'; readonly taskId: TaskId; readonly state: TaskState; readonly message: string }
  /** Withdraw it, then stop its containers with their grace period. */
  | {
      readonly kind: 'stop';
      readonly taskId: TaskId;
      readonly reason: NonNullable<TaskRecord['stopping']>;
      /** Why it has failed, where it has. */
      readonly error?: string;
    }
  /**
   * It has ended; with `restartAt`, a successor takes its place not before then. Its containers are made ahead, unless
   * it was the making that failed (`unmade`).
   */
  | {
      readonly kind: 'end';
      readonly taskId: TaskId;
      readonly state: 'complete' | 'failed' | 'shutdown' | 'rejected';
      readonly message: string;
      readonly error?: string;
      readonly restartAt?: number;
      readonly unmade?: boolean;
    }
  /** Remove its containers and files. */
  | { readonly kind: 'remove'; readonly taskId: TaskId }
  /** Nothing is left of it and nobody asks for it. */
  | { readonly kind: 'forget'; readonly taskId: TaskId }
  /** Look again then. */
  | { readonly kind: 'wake'; readonly taskId: TaskId; readonly at: number };

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;
