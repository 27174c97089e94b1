import { place } from '../../core/place/place.ts';
import { expressionsOf } from '../../core/place/hints.ts';
import type { PlaceNear } from '../../core/place/model.ts';
import { overcommitOf } from '../../model/cluster.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import type { NodeId } from '../../model/ids.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Transaction } from '../../store/store.ts';
import { portTakenFrom } from '../taken-ports.ts';
import { engineNeeds } from './engine-needs.ts';
import type { Loads } from './loads.ts';
import { placeNodes, replacedBy } from './nodes.ts';
import type { ContainerPorts } from './ports.ts';

export interface PlacementContext extends Pick<ContainerPorts, 'store' | 'inventory' | 'random'> {
  readonly loads: Loads;
  /** Containers that are being made, by the row's id. */
  readonly making: ReadonlyMap<string, SingleContainer>;
}

export type Chosen =
  /** `revision`: of the state that it was chosen in. */
  | { readonly kind: 'chosen'; readonly nodeId: NodeId; readonly revision: number }
  | { readonly kind: 'unplaced'; readonly message: string };

/** The node that the container would go to now; `except`: ids of those where it could not be made. */
export const chooseNode = (
  { store, inventory, random, loads, making }: PlacementContext,
  spec: SingleContainerSpec,
  near: readonly PlaceNear[],
  except: ReadonlySet<string> = new Set(),
): Chosen => {
  const [cluster] = store.view.list('cluster');
  const replaced = replacedBy({ view: store.view, inventory }, spec);
  const decision = place(
    placeNodes({ view: store.view, inventory, loads, making: [...making.values()], replaced }).filter(
      ({ node }) => !except.has(node.id),
    ),
    {
      image: spec.image,
      constraints: expressionsOf(spec.hints.constraints),
      affinities: expressionsOf(spec.hints.affinities),
      reservation: spec.reservation,
      hostPorts: spec.hostPorts,
      near,
      needs: engineNeeds(spec),
      ...(replaced !== undefined && { home: replaced.nodeId }),
    },
    {
      strategy: cluster?.spec.strategy ?? 'spread',
      overcommit: overcommitOf(cluster?.spec),
      chance: random.number(),
    },
  );
  return decision.kind === 'placed'
    ? { kind: 'chosen', nodeId: decision.node.node.id, revision: store.view.revision }
    : { kind: 'unplaced', message: decision.message };
};

/**
 * Commits a row that takes its node's room, and its name, before anything is made. `write` writes it; what is placed
 * before the commit is through sees it already. Throws `conflict` where a task has got one of its ports since `revision`.
 */
export const commitPlacement = async (
  { store, loads }: Pick<PlacementContext, 'store' | 'loads'>,
  row: SingleContainer,
  revision: number,
  write: (transaction: Transaction) => void,
): Promise<void> => {
  loads.assume(row);
  try {
    await store.update((transaction) => {
      const port = portTakenFrom(transaction, row, revision);
      if (port !== undefined) {
        throw new TuttiError('conflict', `port ${port} of node ${row.nodeId} was given to a task meanwhile: try again`);
      }
      write(transaction);
    });
  } catch (error) {
    loads.forget(row.id);
    throw error;
  }
};
