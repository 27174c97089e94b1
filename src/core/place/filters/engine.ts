import { knowsApi } from '../../../model/engine-needs.ts';
import type { Filter } from './filter.ts';

/** Engines of other releases can be in one cluster: what an older one would pass over goes to one that knows it. */
export const engineFilter: Filter = ({ needs }) =>
  needs.map(({ what, api, release, soft }) => ({
    text: `Docker Engine ${release} for ${what}`,
    soft,
    passes: ({ node }) => knowsApi(node, api),
  }));
