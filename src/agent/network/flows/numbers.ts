/** Numbers are 16 bits; 0 and the last are nobody's. */
const last = 0xfffe;

/** A number from 1 for each; those that have one keep it. Who comes when there is none left has none. */
export function numbered(before: ReadonlyMap<string, number>, wanted: readonly string[]): ReadonlyMap<string, number> {
  const kept = new Map(
    wanted.flatMap((one): [string, number][] => {
      const number = before.get(one);
      return number === undefined ? [] : [[one, number]];
    }),
  );
  const taken = new Set(kept.values());
  let next = 1;
  for (const one of wanted) {
    if (kept.has(one)) continue;
    while (taken.has(next)) next += 1;
    if (next > last) break;
    taken.add(next);
    kept.set(one, next);
  }
  return kept;
}
