import { TuttiError } from '../model/errors.ts';
import type { Clock } from '../platform/ports.ts';
import type { Driver, DriverWrite } from './driver.ts';
import { Overlay } from './overlay.ts';
import type { Change, Committed, Transaction } from './store.ts';
import type { TableSet } from './tables.ts';
import { OverlayTransaction } from './transaction.ts';

/** A call of `update` that waits for its turn. */
interface Request {
  readonly decide: (transaction: Transaction) => unknown;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** A transaction that was decided and is not durable yet. */
interface Decided {
  readonly request: Request;
  readonly value: unknown;
  readonly revision: number;
  readonly changes: readonly Change[];
}

export interface CommitQueueOptions {
  readonly driver: Driver;
  readonly clock: Pick<Clock, 'now'>;
  readonly tables: TableSet;
  /** Makes one durable transaction visible. */
  readonly publish: (revision: number, changes: readonly Change[]) => void;
}

/**
 * Group commit: whatever calls are waiting when the driver is free run in order over one overlay, each seeing those
 * before it, and share one driver commit. A throwing one is left out alone; when the driver fails, all of the group fail.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  /**
   * Never written to. With no instance of a class left when V8 collects, what it has compiled for the class goes too, and
   * transactions come and go: this one stays.
   */
  readonly #standing: OverlayTransaction;
  #waiting: Request[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#standing = new OverlayTransaction(new Overlay(options.tables), 0);
  }

  async run<Value>(decide: (transaction: Transaction) => Value): Promise<Committed<Value>> {
    if (this.#closed) throw new TuttiError('unavailable', 'the store is closed');
    const { promise, resolve, reject } = Promise.withResolvers<Committed<unknown>>();
    this.#waiting.push({ decide, resolve, reject });
    this.#running ??= this.#drain();
    return (await promise) as Committed<Value>;
  }

  /** Refuses new calls and waits for those that were accepted. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#standing.finish();
  }

  async #drain(): Promise<void> {
    await this.#options.driver.gather?.();
    // Without a driver that gathers, one turn of the microtask queue collects the calls of one burst.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#commit(group);
      if (this.#waiting.length > 0) await this.#options.driver.gather?.();
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Request[]): Promise<void> {
    const decided = this.#decide(group);
    const writes = decided.length === 1 ? (decided[0] as Decided).changes : decided.flatMap(({ changes }) => changes);
    try {
      const last = decided.at(-1);
      if (last !== undefined && writes.length > 0) {
        await this.#options.driver.commit(this.#options.tables.revision, last.revision, writes as DriverWrite[]);
      }
    } catch (error) {
      for (const { request } of decided) request.reject(TuttiError.from(error));
      return;
    }
    for (const { request, value, revision, changes } of decided) {
      if (changes.length > 0) this.#options.publish(revision, changes);
      request.resolve({ value, revision });
    }
  }

  /** Runs the group's calls in order. A call without writes keeps its place: it saw what is durable only afterwards. */
  #decide(group: readonly Request[]): Decided[] {
    const overlay = new Overlay(this.#options.tables);
    const now = this.#options.clock.now();
    const decided: Decided[] = [];
    for (const request of group) {
      const transaction = new OverlayTransaction(overlay, now);
      try {
        const value = request.decide(transaction);
        const changes = transaction.finish();
        if (changes.length > 0) overlay.revision += 1;
        decided.push({ request, value, revision: overlay.revision, changes });
      } catch (error) {
        transaction.undo();
        request.reject(error);
      }
    }
    return decided;
  }
}
