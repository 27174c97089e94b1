/** An endless stream that is pushed into; it ends by throwing. */
export interface PushStream<Item> extends AsyncIterable<Item> {
  push(item: Item): void;
  fail(fault: Error): void;
}

/** @param onEnd called once, when the reader leaves or the stream failed. */
export function createPushStream<Item>(signal: AbortSignal | undefined, onEnd: () => void): PushStream<Item> {
  const items: Item[] = [];
  let fault: Error | undefined;
  let wake: (() => void) | undefined;
  const fail = (cause: Error): void => {
    fault ??= cause;
    wake?.();
  };
  const abort = (): void => fail(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  return {
    push(item) {
      items.push(item);
      wake?.();
    },
    fail,
    async *[Symbol.asyncIterator]() {
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted === true) abort();
      try {
        for (;;) {
          while (items.length > 0 && fault === undefined) yield items.shift() as Item;
          if (fault !== undefined) throw fault;
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
          wake = undefined;
        }
      } finally {
        signal?.removeEventListener('abort', abort);
        onEnd();
      }
    },
  };
}
