import { isDeepStrictEqual } from 'node:util';

/** A keyed set on its way to the disk: as a whole, and as what differs from the one that was written last. */
export interface Kept<Value> {
  readonly all: () => ReadonlyMap<string, Value>;
  /** Undefined values are of keys that are gone. Absent when nothing was written since the process began. */
  readonly changes?: ReadonlyMap<string, Value | undefined>;
}

/**
 * The set `after`, for a disk that has `before`. Values are replaced, never changed: those that are the same object are
 * not looked into. `form` gives each value as it may be kept, undefined for one that may not.
 */
export const keptSince = <Value>(
  before: ReadonlyMap<string, Value> | undefined,
  after: ReadonlyMap<string, Value>,
  form: (value: Value) => Value | undefined = (value) => value,
): Kept<Value> => {
  const all = () => {
    const formed = new Map<string, Value>();
    for (const [key, value] of after) {
      const kept = form(value);
      if (kept !== undefined) formed.set(key, kept);
    }
    return formed;
  };
  if (before === undefined) return { all };
  const changes = new Map<string, Value | undefined>();
  for (const [key, value] of after) {
    const old = before.get(key);
    if (old !== value && !isDeepStrictEqual(old, value)) changes.set(key, form(value));
  }
  for (const key of before.keys()) if (!after.has(key)) changes.set(key, undefined);
  return { all, changes };
};

/** The set that is on a disk that had `before`, once `kept` was written. */
export const laidOver = <Value>(
  before: ReadonlyMap<string, Value>,
  { all, changes }: Kept<Value>,
): ReadonlyMap<string, Value> => {
  if (changes === undefined) return all();
  const next = new Map(before);
  for (const [key, value] of changes) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
};
