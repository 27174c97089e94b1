const firstMs = 100;
const lastMs = 1000;

/**
 * How long to wait before attempt number `attempt` (from 0, which is at once): doubling to one second, and half of it
 * by chance, so that a thousand agents do not come back in one moment. `chance` is in [0, 1).
 */
export const backoffMs = (attempt: number, chance: number): number => {
  if (attempt === 0) return 0;
  const whole = Math.min(firstMs * 2 ** Math.min(attempt - 1, 10), lastMs);
  return whole / 2 + (whole / 2) * chance;
};
