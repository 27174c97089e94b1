/** Several sources, each in order, as one in order. One item of each is held, so a slow reader holds all of them back. */
export async function* inOrder<Item>(
  sources: readonly AsyncIterable<Item>[],
  compare: (left: Item, right: Item) => number,
): AsyncGenerator<Item> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map(async (iterator) => ({ iterator, result: await iterator.next() })));
    for (;;) {
      const [first] = heads
        .flatMap(({ iterator, result }, at) => (result.done === true ? [] : [{ at, iterator, item: result.value }]))
        .toSorted((left, right) => compare(left.item, right.item));
      if (first === undefined) return;
      yield first.item;
      heads[first.at] = { iterator: first.iterator, result: await first.iterator.next() };
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => await iterator.return?.()));
  }
}
