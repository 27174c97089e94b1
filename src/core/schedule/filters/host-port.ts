import type { Filter } from './filter.ts';

/** No other task has taken a port that this one publishes on the node itself. */
export const hostPortFilter: Filter = {
  name: 'host-port',
  dependsOnTasks: true,
  prepare: ({ hostPorts }) => {
    if (hostPorts.length === 0) return undefined;
    const checks = hostPorts.map((port) => ({
      port,
      reason: { filter: 'host-port', one: `has port ${port} in use`, many: `have port ${port} in use` },
    }));
    return (node) => {
      for (const { port, reason } of checks) if (node.hasHostPort(port)) return reason;
      return undefined;
    };
  },
};
