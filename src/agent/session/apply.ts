import type { Assignment } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { AssignmentsMessage } from '../../model/protocol.ts';
import type { Assignments } from './ports.ts';

export interface Received {
  readonly sequence: number;
  readonly assignments: Assignments;
}

/**
 * The set after a message, or `gap` when one before it is missing: then only a whole set helps, which a new session
 * begins with. `before` is what this session has received so far; absent at its beginning.
 */
export const applyMessage = (before: Received | undefined, message: AssignmentsMessage): Received | 'gap' => {
  if (message.complete) {
    const assignments = new Map(message.put.map((item) => [assignmentKey(item), item]));
    return { sequence: message.sequence, assignments };
  }
  if (before === undefined || message.sequence !== before.sequence + 1) return 'gap';
  const assignments = new Map(before.assignments);
  for (const key of message.remove) assignments.delete(key);
  for (const item of message.put) assignments.set(assignmentKey(item), item);
  return { sequence: message.sequence, assignments };
};

/** What of a row may be kept on disk: registry credentials are left out, and so are secrets altogether. */
export const storable = (item: Assignment): Assignment | undefined => {
  if (item.kind === 'secret') return undefined;
  if (item.kind !== 'task' || item.spec.pullCredentials === undefined) return item;
  const { pullCredentials: _, ...spec } = item.spec;
  return { ...item, spec };
};
