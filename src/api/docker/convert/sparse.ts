/** The type without its undefined values: keys that may be undefined become optional. */
export type Sparse<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the keys whose value is undefined. Specifications are sparse: only what was set is there. */
export const sparse = <T extends object>(value: T): Sparse<T> => {
  // A loop: every field of every answer passes here.
  const found: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) found[key] = item;
  return found as Sparse<T>;
};

/** `convert(value)`, or undefined for undefined. */
export const given = <In, Out>(value: In | undefined, convert: (value: In) => Out): Out | undefined =>
  value === undefined ? undefined : convert(value);

/** A mutable copy of a list, for the generated types, which are not read-only. */
export const listOf = <Item>(items: readonly Item[]): Item[] => [...items];
