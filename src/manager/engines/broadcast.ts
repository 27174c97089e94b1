import { TuttiError } from '../../model/errors.ts';

/** One stream of items to any number of readers, each with a bounded queue of what it has not read. */
export interface Broadcast<Item> {
  publish(item: Item): void;
  /** What is published from this call on, until the signal aborts. A reader that falls behind gets `resource-exhausted`. */
  read(signal: AbortSignal): AsyncGenerator<Item>;
  /** As `read`, all that has come since the last time at once: many readers of many items cost less so. */
  batches(signal: AbortSignal): AsyncGenerator<readonly Item[]>;
}

interface Reader<Item> {
  queue: Item[];
  wake: () => void;
  overrun: boolean;
}

export const createBroadcast = <Item>(mostBehind: number): Broadcast<Item> => {
  const readers = new Set<Reader<Item>>();
  const hand = (reader: Reader<Item>, item: Item): void => {
    if (reader.overrun) return;
    if (reader.queue.length < mostBehind) reader.queue.push(item);
    else {
      reader.overrun = true;
      reader.queue = [];
    }
    reader.wake();
  };
  const batches = (signal: AbortSignal): AsyncGenerator<readonly Item[]> => {
    const reader: Reader<Item> = { queue: [], wake: () => {}, overrun: false };
    const leave = () => {
      readers.delete(reader);
      reader.queue = [];
    };
    readers.add(reader);
    // Also where nobody ever asks for the first item.
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    return follow(reader, signal, leave);
  };
  return {
    publish: (item) => {
      for (const reader of readers) hand(reader, item);
    },
    read: (signal) => each(batches(signal)),
    batches,
  };
};

async function* each<Item>(batches: AsyncIterable<readonly Item[]>): AsyncGenerator<Item> {
  for await (const batch of batches) for (const item of batch) yield item;
}

async function* follow<Item>(
  reader: Reader<Item>,
  signal: AbortSignal,
  leave: () => void,
): AsyncGenerator<readonly Item[]> {
  const wake = (): void => reader.wake();
  signal.addEventListener('abort', wake, { once: true });
  try {
    while (!signal.aborted) {
      if (reader.overrun) throw new TuttiError('resource-exhausted', 'this reader of events fell too far behind');
      const { queue } = reader;
      reader.queue = [];
      if (queue.length === 0) await new Promise<void>((resolve) => (reader.wake = resolve));
      else yield queue;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    signal.removeEventListener('abort', leave);
    leave();
  }
}
