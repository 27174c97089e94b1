import type { Clock, Timer } from '../../platform/ports.ts';

interface Timed {
  /** Milliseconds since the epoch, by the clock of whoever saw it. */
  readonly timestamp: number;
}

interface Held<Item> {
  readonly item: Item;
  readonly arrived: number;
}

export interface Reorder<Item> extends Disposable {
  push(item: Item): void;
  /** Passes the item on at once where nothing is held that could belong before it. */
  pass(item: Item): void;
  /** What has arrived and was not passed on yet. */
  held(): readonly Item[];
}

/**
 * Holds every item for `holdMs` after its arrival and passes on what has waited, with all that happened before it, in the
 * order of the timestamps: what comes from many nodes comes in the order in which it happened, as far as their clocks and
 * connections are no further apart. Clocks that differ more cost order, never an item.
 */
export const createReorder = <Item extends Timed>(
  clock: Pick<Clock, 'after' | 'monotonic'>,
  holdMs: number,
  publish: (item: Item) => void,
): Reorder<Item> => {
  let held: Held<Item>[] = [];
  let timer: Timer | undefined;

  const release = (): void => {
    timer = undefined;
    const due = clock.monotonic() - holdMs;
    let last = Number.NEGATIVE_INFINITY;
    for (const { item, arrived } of held) if (arrived <= due) last = Math.max(last, item.timestamp);
    const ready = held.filter(({ item }) => item.timestamp <= last);
    held = held.filter(({ item }) => item.timestamp > last);
    wait();
    for (const { item } of ready.toSorted((left, right) => left.item.timestamp - right.item.timestamp)) publish(item);
  };
  const wait = (): void => {
    const [oldest] = held;
    if (oldest === undefined || timer !== undefined) return;
    timer = clock.after(Math.max(1, oldest.arrived + holdMs - clock.monotonic()), release);
  };
  const push = (item: Item): void => {
    held.push({ item, arrived: clock.monotonic() });
    wait();
  };
  return {
    push,
    pass: (item) => {
      if (held.length === 0) publish(item);
      else push(item);
    },
    held: () => held.map(({ item }) => item),
    [Symbol.dispose]: () => timer?.cancel(),
  };
};
