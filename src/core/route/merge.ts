import { routeName } from '../../model/route.ts';
import type { RouteSpec, RouteTarget } from '../../model/route.ts';

/** A route as somebody asked for it. */
export interface RouteSource {
  /** Who: `service web`, `tutti route add`. */
  readonly owner: string;
  /** Made by itself: it counts more than what services say. */
  readonly own: boolean;
  /** Milliseconds since the epoch: who was first has it. */
  readonly since: number;
  readonly spec: RouteSpec;
}

export interface MergedRoute {
  readonly name: string;
  readonly spec: RouteSpec;
  readonly owners: readonly string[];
  /** Owners whose wish for the same requests is not met. */
  readonly refused: readonly string[];
}

const order = (left: RouteSource, right: RouteSource): number =>
  Number(right.own) - Number(left.own) ||
  left.since - right.since ||
  (left.owner < right.owner ? -1 : left.owner > right.owner ? 1 : 0);

const weighted = (spec: RouteSpec): readonly RouteTarget[] | undefined =>
  spec.action.kind === 'services' && spec.action.targets.every(({ weight }) => weight !== undefined)
    ? spec.action.targets
    : undefined;

/**
 * One route per name. Services that ask for the same requests share them when all of them say a weight; else the first
 * has them. What else is said of a shared route is the first's.
 */
export const mergeRoutes = (sources: Iterable<RouteSource>): readonly MergedRoute[] => {
  const byName = Map.groupBy([...sources].toSorted(order), ({ spec }) => routeName(spec.match));
  return [...byName].map(([name, claims]) => mergeClaims(name, claims));
};

const mergeClaims = (name: string, [first, ...others]: readonly RouteSource[]): MergedRoute => {
  if (first === undefined) throw new TypeError('a group has a member');
  const owners = [first.owner];
  const refused: string[] = [];
  let targets = weighted(first.spec);
  for (const other of others) {
    const more = weighted(other.spec);
    if (targets === undefined || more === undefined || first.own || targets.length + more.length > 16) {
      refused.push(other.owner);
    } else {
      targets = [...targets, ...more];
      owners.push(other.owner);
    }
  }
  const spec =
    owners.length === 1 || targets === undefined
      ? first.spec
      : { ...first.spec, action: { kind: 'services' as const, targets } };
  return { name, spec, owners, refused };
};
