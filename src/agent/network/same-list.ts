/** Whether two lists are of the same objects and plain values, in the same order. Assignments are replaced, never changed: identity will do. */
export const isSameList = (a: readonly unknown[] | undefined, b: readonly unknown[]): boolean =>
  a?.length === b.length && a.every((item, index) => item === b[index]);
