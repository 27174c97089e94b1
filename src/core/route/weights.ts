/** One service's part of a route: its weight, if it says one, and how many tasks of it are ready. */
export interface Part {
  readonly weight?: number | undefined;
  readonly tasks: number;
}

/** What HAProxy takes at most. */
const most = 256;
const usual = 100;

/**
 * The weight of each task of each part, so that the parts get requests in proportion to their weights however many tasks
 * they have. A part of weight 0 gets none. Where only one part has tasks it gets everything.
 */
export const taskWeights = (parts: readonly Part[]): readonly number[] => {
  const shares = parts.map(({ weight = usual, tasks }) => (tasks === 0 ? 0 : weight / tasks));
  const greatest = Math.max(0, ...shares);
  if (greatest === 0) return parts.map(() => 0);
  if (shares.every((share) => share === 0 || share === greatest))
    return shares.map((share) => (share === 0 ? 0 : usual));
  return shares.map((share) => (share === 0 ? 0 : Math.max(1, Math.round((share / greatest) * most))));
};
