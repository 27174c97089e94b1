/**
 * Asks `get` until `test` holds, and gives that value. Throws with the last value or error after `deadlineMs`.
 * This is how tests wait: on a condition, with a deadline.
 */
export async function until<Value>(
  what: string,
  get: () => Promise<Value> | Value,
  test: (value: Value) => boolean,
  options: { readonly deadlineMs?: number; readonly everyMs?: number } = {},
): Promise<Value> {
  const deadline = performance.now() + (options.deadlineMs ?? 30_000);
  for (;;) {
    let last: unknown;
    try {
      const value = await get();
      if (test(value)) return value;
      last = value;
    } catch (thrown) {
      last = thrown;
    }
    if (performance.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 2000);
      throw new Error(`not within ${options.deadlineMs ?? 30_000} ms: ${what}; last seen: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 20));
  }
}
