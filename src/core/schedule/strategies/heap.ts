/** A binary heap in an array: the item that comes before all others is at the front. */
export type IsBefore<Item> = (left: Item, right: Item) => boolean;

export const heapify = <Item>(heap: Item[], isBefore: IsBefore<Item>): void => {
  for (let index = (heap.length >> 1) - 1; index >= 0; index -= 1) sink(heap, index, isBefore);
};

/** Puts the item at the front where it belongs now. */
export const resettle = <Item>(heap: Item[], isBefore: IsBefore<Item>): void => {
  if (heap.length > 1) sink(heap, 0, isBefore);
};

/** Takes the front away. */
export const removeFirst = <Item>(heap: Item[], isBefore: IsBefore<Item>): Item | undefined => {
  const first = heap[0];
  const last = heap.pop();
  if (heap.length > 0 && last !== undefined) {
    heap[0] = last;
    sink(heap, 0, isBefore);
  }
  return first;
};

export const insert = <Item>(heap: Item[], item: Item, isBefore: IsBefore<Item>): void => {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Item;
    if (!isBefore(item, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = item;
};

const sink = <Item>(heap: Item[], from: number, isBefore: IsBefore<Item>): void => {
  const item = heap[from] as Item;
  let index = from;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    const sibling = child + 1;
    if (sibling < heap.length && isBefore(heap[sibling] as Item, heap[child] as Item)) child = sibling;
    const best = heap[child] as Item;
    if (!isBefore(best, item)) break;
    heap[index] = best;
    index = child;
  }
  heap[index] = item;
};
