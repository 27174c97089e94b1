import { knowsApi } from '../../../model/engine-needs.ts';
import type { KindFilter } from './filter.ts';

/** Engines of other releases can be in one cluster: what an older one would pass over, or refuse, goes to one that knows it. */
export const engineFilter: KindFilter = {
  name: 'engine',
  dependsOnTasks: false,
  prepare: ({ engine }) => {
    if (engine.length === 0) return undefined;
    const checks = engine.map(({ what, api, release }) => {
      const lacks = `an engine older than ${release}, too old for ${what}`;
      return { api, reason: { filter: 'engine', one: `has ${lacks}`, many: `have ${lacks}` } };
    });
    return ({ node }) => checks.find(({ api }) => !knowsApi(node ?? {}, api))?.reason;
  },
};
