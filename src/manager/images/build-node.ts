import { createHash } from 'node:crypto';
import { expressionsOf, findHints } from '../../core/place/hints.ts';
import type { PlaceRequest } from '../../core/place/model.ts';
import { place } from '../../core/place/place.ts';
import { TuttiError } from '../../model/errors.ts';
import type { PlacementHints } from '../../model/single-container.ts';
import { placeContainerOf, placeImageOf, placeNodeOf } from '../containers/place-node.ts';
import type { Inventory, Queries } from '../manager.ts';

/** What a build asks of its node, and its arguments without that. */
export interface BuildHints {
  readonly hints: PlacementHints;
  readonly arguments: Readonly<Record<string, string | null>>;
}

/**
 * Takes the hints from build arguments (`--build-arg constraint:storage==ssd`), which arrive split at their first `=`, and
 * from labels as containers have them. Throws `invalid-argument`.
 */
export const buildHints = (
  given: Readonly<Record<string, string | null>>,
  labels: Readonly<Record<string, string>>,
): BuildHints => {
  const isHint = (name: string): boolean => /^(?:constraint|affinity):/.test(name);
  const own = Object.entries(given).filter(([name]) => !isHint(name));
  const hinted = Object.entries(given).filter(([name]) => isHint(name));
  const result = findHints(
    hinted.map(([name, value]) => `${name}=${value ?? ''}`),
    labels,
  );
  if (result.kind === 'invalid') throw new TuttiError('invalid-argument', result.reason);
  return { hints: result.found.hints, arguments: Object.fromEntries(own) };
};

interface Sources {
  readonly queries: Pick<Queries, 'nodes'>;
  readonly inventory: Pick<Inventory, 'of' | 'count' | 'images'>;
}

/**
 * The node for a build: of those that fit, always the same one, so that layers that were built are found again and images
 * that were built are there to build on. Throws `unavailable` where none fits, with the reasons.
 */
export const chooseBuildNode = ({ queries, inventory }: Sources, hints: PlacementHints): string => {
  const nodes = queries.nodes().map(({ node, status }) =>
    placeNodeOf({
      node,
      status,
      count: () => inventory.count(node.id),
      containers: () => inventory.of(node.id).map(placeContainerOf),
      images: () => inventory.images(node.id).map(placeImageOf),
    }),
  );
  const request: PlaceRequest = {
    image: '',
    constraints: expressionsOf(hints.constraints),
    affinities: expressionsOf(hints.affinities),
    reservation: { nanoCpus: 0, memoryBytes: 0 },
    hostPorts: [],
    near: [],
    needs: [],
  };
  const options = { strategy: 'spread', overcommit: 0, chance: 0 } as const;
  const all = place(nodes, request, options);
  if (all.kind === 'refused') throw new TuttiError('unavailable', all.message);
  const soft = [...request.constraints, ...request.affinities].some((expression) => expression.soft);
  if (soft) return all.node.node.id;
  const fitting = nodes.filter((node) => place([node], request, options).kind === 'placed');
  const [first] = fitting.map(({ node }) => node.id as string).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return first ?? all.node.node.id;
};

/** An order of nodes that stays as it is when others come and go. */
const rank = (nodeId: string): string => createHash('sha256').update(`build ${nodeId}`).digest('hex');
