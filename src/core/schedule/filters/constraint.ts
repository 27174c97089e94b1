import type { KindFilter } from './filter.ts';

/** Every constraint holds. The first that does not is named. */
export const constraintFilter: KindFilter = {
  name: 'constraint',
  dependsOnTasks: false,
  prepare: ({ constraints }) => {
    if (constraints.length === 0) return undefined;
    const checks = constraints.map(({ text, matches }) => ({
      matches,
      reason: { filter: 'constraint', one: `does not meet ${text}`, many: `do not meet ${text}` },
    }));
    return ({ node }) => {
      if (node === undefined) return checks[0]?.reason;
      for (const { matches, reason } of checks) if (!matches(node)) return reason;
      return undefined;
    };
  },
};
