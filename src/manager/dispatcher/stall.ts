/** A process that is only busy is not that late. */
const busyMs = 400;

/**
 * For how long this process was stopped, seen from a timer that was due at `dueAt`; 0 for one that was only busy. What agents said
 * meanwhile waits in the sockets. Times are milliseconds of the monotonic clock.
 */
export const stalledMs = (dueAt: number, now: number): number => (now - dueAt > busyMs ? now - dueAt : 0);
