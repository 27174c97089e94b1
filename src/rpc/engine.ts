/** A request of the node's own Docker Engine, as it goes over the connection for requests: for both ends. */

const prefix = '/engine/';

/** `path` is the engine's, without a version, with the query: `/containers/json?all=1`. */
export const formatEnginePath = (path: string): string => prefix + path.replace(/^\//, '');

/** The engine's path; undefined when it is another request. */
export const parseEnginePath = (path: string): string | undefined =>
  path.startsWith(prefix) ? path.slice(prefix.length - 1) : undefined;

/** Names the version of the Engine API that the client speaks. The node clamps it to what its engine knows. */
export const apiVersionHeader = 'tutti-api-version';
