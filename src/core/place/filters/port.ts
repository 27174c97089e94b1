import type { Filter } from './filter.ts';

/** The ports that it publishes are free on the node. */
export const portFilter: Filter = ({ hostPorts }) =>
  hostPorts.map((port) => ({
    get text() {
      return `port ${port.replace(/^(\w+)\/(.*)$/, '$2/$1')}`;
    },
    passes: (node) => !node.hasPort(port),
  }));
