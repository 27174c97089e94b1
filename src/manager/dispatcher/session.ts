import type { Assignment } from '../../model/assignment.ts';
import type { NodeId } from '../../model/ids.ts';
import type { ManagerMessage } from '../../model/protocol.ts';
import type { Channel, Peer } from '../../rpc/transport.ts';
import type { AssignmentDifference } from '../assignments/assignments.ts';

/**
 * What a session has been told. `waiting`: nothing yet, its hello is awaited. `held`: it is welcome, and gets the whole set
 * when the manager has heard the others too. `current`: everything. `behind`: the agent does not keep up, and gets the
 * whole set when it does: nothing is queued for it meanwhile.
 */
type Told = 'waiting' | 'held' | 'current' | 'behind';

/** One agent's stream, as the manager sees it. */
export interface Session {
  readonly nodeId: NodeId;
  readonly peer: Peer;
  readonly channel: Channel<ManagerMessage>;
  /** Answers the hello; the whole set comes with `release`. */
  begin(welcome: ManagerMessage): void;
  /** Tells the whole set, once. */
  release(): void;
  /** Tells what changed. Gives the sequence under which it is told, now or with the whole set; undefined: nothing is to be told. */
  push(difference: AssignmentDifference): number | undefined;
  /** What it was told up to this sequence is in force. */
  forced(sequence: number): void;
  /** The sequence that is not in force yet; undefined where all is. */
  pending(): number | undefined;
  /** The agent takes messages again. */
  drained(): void;
  heartbeat(): void;
  readonly told: () => Told;
}

export interface SessionOptions {
  readonly nodeId: NodeId;
  readonly peer: Peer;
  readonly channel: Channel<ManagerMessage>;
  readonly full: () => ReadonlyMap<string, Assignment>;
  /** It was told the whole set, under this sequence. */
  readonly toldAll: (set: ReadonlyMap<string, Assignment>, sequence: number) => void;
}

export const createSession = (options: SessionOptions): Session => {
  const { channel } = options;
  let told: Told = 'waiting';
  let writable = true;
  let sequence = 0;
  let inForce = 0;

  const send = (message: ManagerMessage) => {
    writable = channel.send(message);
  };
  const sendAll = () => {
    sequence += 1;
    told = 'current';
    const set = options.full();
    send({ kind: 'assignments', sequence, complete: true, put: [...set.values()], remove: [] });
    options.toldAll(set, sequence);
  };

  return {
    nodeId: options.nodeId,
    peer: options.peer,
    channel,
    begin: (welcome) => {
      told = 'held';
      send(welcome);
    },
    release: () => {
      if (told === 'held') sendAll();
    },
    push: ({ put, remove }) => {
      if (told === 'waiting' || (put.length === 0 && remove.length === 0)) return undefined;
      if (!writable && told === 'current') told = 'behind';
      // The whole set that it is going to be told has it.
      if (told !== 'current') return sequence + 1;
      sequence += 1;
      send({ kind: 'assignments', sequence, complete: false, put: [...put], remove: [...remove] });
      return sequence;
    },
    forced: (upTo) => {
      inForce = Math.max(inForce, upTo);
    },
    pending: () => {
      const last = told === 'held' || told === 'behind' ? sequence + 1 : sequence;
      return last > inForce ? last : undefined;
    },
    drained: () => {
      writable = true;
      if (told === 'behind') sendAll();
    },
    heartbeat: () => {
      // Where it does not keep up, what is on its way tells it that the manager lives.
      if (writable) send({ kind: 'heartbeat' });
    },
    told: () => told,
  };
};
