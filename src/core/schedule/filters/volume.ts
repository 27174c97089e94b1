import type { Filter } from './filter.ts';

/** The volumes of the cluster that the task mounts are on the node, or on none yet. */
export const volumeFilter: Filter = {
  name: 'volume',
  // The first task that mounts a promised volume takes it to its node.
  dependsOnTasks: true,
  prepare: ({ volumes }) => {
    if (volumes.length === 0) return undefined;
    const checks = volumes.map((name) => ({
      name,
      reason: { filter: 'volume', one: `lacks volume ${name}`, many: `lack volume ${name}` },
    }));
    return (node) => {
      for (const { name, reason } of checks) if (!node.volumes.admits(name, node.id)) return reason;
      return undefined;
    };
  },
};
