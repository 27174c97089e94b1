import type { Filter } from './filter.ts';

/** Beside the containers that it depends on, and where its volumes are. */
export const nearFilter: Filter = ({ near }) =>
  near.map(({ what, nodeIds }) => ({ text: what, passes: ({ node }) => nodeIds.has(node.id) }));
