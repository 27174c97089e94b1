import type { Filter } from './filter.ts';

/** The node has fewer tasks of the service than it may have. */
export const maxReplicasFilter: Filter = {
  name: 'max-replicas',
  dependsOnTasks: true,
  prepare: ({ maxReplicasPerNode }, tally) => {
    if (maxReplicasPerNode === 0) return undefined;
    const what = `the ${maxReplicasPerNode} replicas that are allowed`;
    const reason = { filter: 'max-replicas', one: `has ${what}`, many: `have ${what}` };
    return (node) => (tally.of(node) >= maxReplicasPerNode ? reason : undefined);
  },
};
