import * as z from 'zod';
import { assignment } from './assignment.ts';
import { taskId } from './ids.ts';
import { nodeDescription } from './node.ts';
import type { DeepReadonly } from './object.ts';
import { taskObservation } from './task.ts';

/**
 * Messages of the one stream between an agent and the leader, one JSON value each. A kind that the reader does not
 * know is ignored and unknown fields are dropped, so that versions next to each other understand one another.
 */
export const protocolVersion = 1;

export const agentMessage = z.discriminatedUnion('kind', [
  /** The first message. `tasks` is everything that the agent knows of, whole. */
  z.object({
    kind: z.literal('hello'),
    protocol: z.number().int(),
    description: nodeDescription,
    tasks: z.array(taskObservation).max(100_000),
    /** Sequence of the last assignments that the agent has on disk; 0 for none. */
    sequence: z.number().int(),
  }),
  z.object({ kind: z.literal('description'), description: nodeDescription }),
  z.object({ kind: z.literal('observations'), tasks: z.array(taskObservation).max(100_000) }),
  /** Said every `heartbeatMs`. */
  z.object({
    kind: z.literal('heartbeat'),
    /** For how long the node's engine has not answered; absent while it does. */
    engineAwayMs: z.number().min(0).optional(),
  }),
  /** All changes up to this sequence are on disk and being acted on. */
  z.object({ kind: z.literal('applied'), sequence: z.number().int() }),
  /** All changes up to this sequence are in force in the node's network: rules, routes and names. */
  z.object({ kind: z.literal('in-force'), sequence: z.number().int() }),
]);
export type AgentMessage = DeepReadonly<z.infer<typeof agentMessage>>;

export const managerMessage = z.discriminatedUnion('kind', [
  /** The answer to hello. */
  z.object({
    kind: z.literal('welcome'),
    protocol: z.number().int(),
    nodeId: z.string(),
    heartbeatMs: z.number(),
    /** Silence from the manager for this long means that the connection is dead. */
    timeoutMs: z.number(),
    managers: z.array(z.string()),
  }),
  /**
   * `complete`: this is the whole set and replaces what the agent has. Otherwise `put` and `remove` change it.
   * `remove` has `<kind>:<id>` keys. Sequences of a session go up by one.
   */
  z.object({
    kind: z.literal('assignments'),
    sequence: z.number().int(),
    complete: z.boolean(),
    put: z.array(assignment),
    remove: z.array(z.string()),
  }),
  z.object({ kind: z.literal('heartbeat') }),
  /** Tasks of this node that are to stop, and that no node gives anything new any more. */
  z.object({ kind: z.literal('withdrawn'), tasks: z.array(taskId) }),
]);
export type ManagerMessage = DeepReadonly<z.infer<typeof managerMessage>>;
export type AssignmentsMessage = Extract<ManagerMessage, { kind: 'assignments' }>;

/** Key of an assignment in `remove` and in the agent's set. */
export const assignmentKey = (item: { readonly kind: string; readonly id: string }): string =>
  `${item.kind}:${item.id}`;
