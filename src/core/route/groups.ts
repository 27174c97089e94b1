import type { RouteMatch } from '../../model/route.ts';

/** What the proxy looks up: a host (`*.example` and `*` included) and a path prefix. */
export interface RouteGroup<One extends Matched> {
  readonly host: string;
  readonly path: string;
  /** In the order in which they are tried; none after one without conditions. */
  readonly routes: readonly One[];
}

export interface Matched {
  readonly id: string;
  readonly match: RouteMatch;
}

const conditionsOf = ({ methods, headers }: RouteMatch): number =>
  (methods === undefined ? 0 : 1) + Object.keys(headers ?? {}).length;

/** More conditions first: they say more exactly what they are for. */
const byConditions = (left: Matched, right: Matched): number =>
  conditionsOf(right.match) - conditionsOf(left.match) || (left.id < right.id ? -1 : 1);

/** The hosts whose routes are for requests to this one too, the nearest first. */
const wider = (host: string): readonly string[] => {
  if (host === '*') return [];
  if (host.startsWith('*.')) return ['*'];
  const dot = host.indexOf('.');
  return dot === -1 ? ['*'] : [`*${host.slice(dot)}`, '*'];
};

/** `/a/b` → `/a/b`, `/a`, `/` */
const prefixes = (path: string): readonly string[] => {
  const found: string[] = [];
  for (let rest = path; rest.length > 1; rest = rest.slice(0, rest.lastIndexOf('/'))) found.push(rest);
  return [...found, '/'];
};

/**
 * The routes by what is looked up. A request belongs to the nearest host (itself, `*.` in place of its first label, `*`)
 * that has a prefix of its path, there to the longest prefix, there to the first route whose conditions it meets. Where it
 * may meet none, what follows are the routes that it would belong to without these.
 */
export const groupRoutes = <One extends Matched>(routes: readonly One[]): readonly RouteGroup<One>[] => {
  const own = Map.groupBy(routes, ({ match }) => `${match.host}${match.path}`);
  const chain = (host: string, path: string): readonly One[] => {
    const found: One[] = [];
    for (const at of [host, ...wider(host)]) {
      for (const prefix of prefixes(path)) {
        for (const one of (own.get(`${at}${prefix}`) ?? []).toSorted(byConditions)) {
          found.push(one);
          if (conditionsOf(one.match) === 0) return found;
        }
      }
    }
    return found;
  };
  return [...own.values()].flatMap(([first]) =>
    first === undefined
      ? []
      : [{ host: first.match.host, path: first.match.path, routes: chain(first.match.host, first.match.path) }],
  );
};
