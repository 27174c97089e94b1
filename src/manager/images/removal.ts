/** A node that has an image which is to be removed everywhere. */
export interface RemovalPlace {
  /** Containers there that are made of it, and run. */
  readonly running: number;
  /** Those that do not run. */
  readonly stopped: number;
  /** Names that its engine has for it. */
  readonly names: number;
}

/**
 * In which order the nodes' engines are asked, each group when the one before has not refused. Whoever may refuse comes
 * first, alone, the likeliest before the others: a refusal is to leave everything as it was. Running containers hold an
 * image even where it is removed by force, others only where it is not.
 */
export const removalOrder = <Place extends RemovalPlace>(places: readonly Place[]): readonly (readonly Place[])[] => {
  const sorted = places.toSorted((a, b) => b.running - a.running || b.stopped - a.stopped || b.names - a.names);
  const risky = sorted.filter(({ running, stopped }) => running + stopped > 0);
  // Nobody knows of a reason: an engine may have one all the same, and one alone can say it.
  const alone = risky.length === 0 ? sorted.slice(0, 1) : risky;
  const rest = sorted.slice(alone.length);
  return [...alone.map((place) => [place]), ...(rest.length === 0 ? [] : [rest])];
};
