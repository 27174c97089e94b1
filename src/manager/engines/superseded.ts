import type { View } from '../../store/store.ts';

/** Ids of what containers have left on lost nodes. */
export const supersededIn = (view: View): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const { superseded = [] } of view.list('container')) for (const { engineId } of superseded) ids.add(engineId);
  return ids;
};
