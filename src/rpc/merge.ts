/** How many items wait for a slow reader before their sources wait too. */
const mostWaiting = 1_000;

/**
 * Several sources read as one, in the order that items arrive. Sources may be added until `finish`. They end with the
 * merge: `using` tells them to, `await using` also waits until they have.
 */
export class Merge<Item> implements Disposable, AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onError: (error: unknown) => void;
  readonly #queue: Item[] = [];
  readonly #pumps = new Set<Promise<void>>();
  #finished = false;
  #changed = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  constructor(signal: AbortSignal, onError: (error: unknown) => void) {
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#onError = onError;
    this.#signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  /** The signal that the source is given ends it. */
  add(source: (signal: AbortSignal) => AsyncIterable<Item>): void {
    const pump = this.#pump(source(this.#signal)).finally(() => {
      this.#pumps.delete(pump);
      this.#wakeReader();
    });
    this.#pumps.add(pump);
  }

  /** No more sources: the items end when those that there are have ended. */
  finish(): void {
    this.#finished = true;
    this.#wakeReader();
  }

  async *items(): AsyncGenerator<Item> {
    for (;;) {
      while (this.#queue.length > 0) {
        const [item] = this.#queue.splice(0, 1) as [Item];
        this.#wakeSources();
        yield item;
      }
      if (this.#signal.aborted || (this.#finished && this.#pumps.size === 0)) return;
      this.#changed = Promise.withResolvers();
      await this.#changed.promise;
    }
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#pumps);
  }

  async #pump(source: AsyncIterable<Item>): Promise<void> {
    try {
      for await (const item of source) {
        if (this.#signal.aborted) return;
        this.#queue.push(item);
        this.#wakeReader();
        while (this.#queue.length >= mostWaiting && !this.#signal.aborted) await this.#taken.promise;
      }
    } catch (error) {
      if (!this.#signal.aborted) this.#onError(error);
    }
  }

  #wakeReader(): void {
    this.#changed.resolve();
  }

  #wakeSources(): void {
    const waited = this.#taken;
    this.#taken = Promise.withResolvers();
    waited.resolve();
  }

  #wakeAll(): void {
    this.#changed.resolve();
    this.#wakeSources();
  }
}
