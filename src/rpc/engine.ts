/** A request of the node's own Docker Engine, as it goes over the connection for requests: for both ends. */

const prefix = '/engine/';

/** `path` is the engine's, without a version, with the query: `/containers/json?all=1`. */
export const formatEnginePath = (path: string): string => prefix + path.replace(/^\//, '');

/** The engine's path; undefined when it is another request. */
export const parseEnginePath = (path: string): string | undefined =>
  path.startsWith(prefix) ? path.slice(prefix.length - 1) : undefined;

/** Names the version of the Engine API that the client speaks. The node clamps it to what its engine knows. */
export const apiVersionHeader = 'tutti-api-version';

/** Instead of a time in the query of `/events`: what the node's own clock says when it asks its engine. */
export const nodeNow = 'now';

/** Says in the answer what that was: milliseconds since the epoch. */
export const nowHeader = 'tutti-now';

/**
 * The path with the node's time for `now`, at the beginning of the millisecond for `since` and at its end for `until`, so
 * that nothing of it is left out. Undefined where no time is asked for.
 */
export const withNodeNow = (path: string, nowMs: number): string | undefined => {
  if (!path.startsWith('/events?')) return undefined;
  const at = Math.floor(nowMs);
  const text = `${Math.floor(at / 1000)}.${String(at % 1000).padStart(3, '0')}`;
  const timed = path.replace(/([?&])(since|until)=now(?=&|$)/g, (_whole, mark: string, name: string) => {
    return `${mark}${name}=${text}${name === 'since' ? '000000' : '999999'}`;
  });
  return timed === path ? undefined : timed;
};
