import { TuttiError } from '../../model/errors.ts';
import type { NodeDescription } from '../../model/node.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Log, Randomness } from '../../platform/ports.ts';
import type { AgentTransport, NodeService } from '../../rpc/transport.ts';
import { backoffMs } from './backoff.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface ConnectionOptions
  extends Pick<
    SessionOptions,
    'clock' | 'description' | 'observations' | 'engineAwayMs' | 'received' | 'inForce' | 'withdrawn'
  > {
  readonly transport: AgentTransport;
  readonly random: Pick<Randomness, 'number'>;
  readonly log: Log;
  /** Managers to try, before any has told of others. At least one. */
  readonly managers: readonly string[];
  readonly service: NodeService;
  /** Sequence of the last assignments on disk. */
  readonly sequence: () => number;
  /** With whom there is a session; undefined: with nobody. */
  readonly state: (manager: string | undefined) => void;
  /** The cluster says, and keeps saying, that this node is not in it. */
  readonly removed: () => void;
}

/** Keeps a session with one of the managers for as long as it lives. */
export interface Connection extends AsyncDisposable {
  observe(observation: TaskObservation): void;
  describe(description: NodeDescription): void;
  /** Begins the session anew, with all that is known now: its connection is of no use any more. */
  reopen(): void;
}

/** Refused for this long the node takes it that it was removed. */
const removalMs = 10_000;

/** A session that held this long was a good one. */
const settledMs = 5000;

export const startConnection = (options: ConnectionOptions): Connection => {
  const { clock, log } = options;
  const stop = new AbortController();
  let managers = options.managers;
  let turn = 0;
  let failures = 0;
  let session: Session | undefined;
  let refusedSince: number | undefined;

  const hold = async (address: string): Promise<void> => {
    const opened = await openSession(
      {
        ...options,
        address,
        sequence: options.sequence(),
        welcomed: (welcome) => {
          refusedSince = undefined;
          if (welcome.managers.length > 0) managers = welcome.managers;
          log.info('connected', { manager: address });
          options.state(address);
        },
      },
      stop.signal,
    );
    session = opened;
    const since = clock.monotonic();
    const over = new AbortController();
    const served = serve(address, over.signal);
    const reason = await opened.ended;
    session = undefined;
    // One that ends as soon as it began counts as a failure: two agents of one node must not chase each other.
    if (clock.monotonic() - since > settledMs) failures = 0;
    over.abort();
    await served;
    options.state(undefined);
    log.warn('connection lost', { manager: address, reason: reason?.message ?? 'closed by the manager' });
  };

  /** Offers the node's services for as long as the session holds, again when that connection is lost. */
  const serve = async (address: string, signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      await options.transport.serve(address, options.service, signal);
      await clock.sleep(backoffMs(attempt, options.random.number()), signal).catch(() => undefined);
    }
  };
  const refused = (): void => {
    const now = clock.monotonic();
    refusedSince ??= now;
    if (now - refusedSince < removalMs) return;
    refusedSince = Number.POSITIVE_INFINITY;
    options.removed();
  };
  const failed = (address: string, thrown: unknown): void => {
    const error = TuttiError.from(thrown);
    turn += 1;
    if (failures < 3 || failures % 30 === 0) {
      log.warn('cannot connect', { manager: address, code: error.code, error: error.message, attempt: failures });
    }
    if (error.code === 'permission-denied') refused();
    else if (refusedSince !== Number.POSITIVE_INFINITY) refusedSince = undefined;
  };

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(backoffMs(failures, options.random.number()), stop.signal);
      const address = managers[turn % managers.length] ?? '';
      failures += 1;
      await hold(address).catch((error: unknown) => {
        if (!stop.signal.aborted) failed(address, error);
      });
    }
  };
  const running = run().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });

  return {
    observe: (observation) => session?.observe(observation),
    describe: (description) => session?.describe(description),
    reopen: () => session?.close(),
    [Symbol.asyncDispose]: async () => {
      stop.abort(new TuttiError('cancelled', 'the agent stops'));
      session?.close();
      await running;
    },
  };
};
