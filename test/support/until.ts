/** Between two questions: a share of the time so far, so that long waits cost little and no wait lasts much longer for it. */
const pauseMs = (waitedMs: number, leastMs: number, share: number): number =>
  Math.max(leastMs, Math.min(waitedMs * share, 500));

/**
 * Asks `get` until `test` holds, and gives that value. Throws with the last value or error after `deadlineMs`.
 * This is how tests wait: on a condition, with a deadline. `share`: how much longer than it took, at most, it may seem to take.
 */
export async function until<Value>(
  what: string,
  get: () => Promise<Value> | Value,
  test: (value: Value) => boolean,
  options: { readonly deadlineMs?: number; readonly everyMs?: number; readonly share?: number } = {},
): Promise<Value> {
  const started = performance.now();
  const deadlineMs = options.deadlineMs ?? 30_000;
  for (;;) {
    let last: unknown;
    try {
      const value = await get();
      if (test(value)) return value;
      last = value;
    } catch (thrown) {
      last = thrown;
    }
    const waited = performance.now() - started;
    if (waited > deadlineMs) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 2000);
      throw new Error(`not within ${deadlineMs} ms: ${what}; last seen: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs(waited, options.everyMs ?? 20, options.share ?? 0.1)));
  }
}
