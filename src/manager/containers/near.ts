import type { PlaceNear } from '../../core/place/model.ts';
import { TuttiError } from '../../model/errors.ts';
import type { SingleContainerSpec } from '../../model/single-container.ts';
import type { ContainerPorts } from './ports.ts';

/**
 * Where the containers, volumes and networks are that a container has to be beside. Throws `invalid-argument`,
 * as engines do, for a container that is nowhere.
 */
export const nearOf = async (
  { dependencies, volumes: mounted, request }: Pick<SingleContainerSpec, 'dependencies' | 'volumes' | 'request'>,
  { inventory, volumes, networks }: Pick<ContainerPorts, 'inventory' | 'volumes' | 'networks'>,
  signal: AbortSignal,
): Promise<readonly PlaceNear[]> => {
  const near: PlaceNear[] = [];
  for (const { option, container } of dependencies) {
    const { nodeId } = await inventory.find(container, signal).catch((thrown: unknown) => {
      throw asOfStart(thrown, option, container);
    });
    near.push({ what: option, nodeIds: new Set([nodeId]) });
  }
  near.push(...((await networks?.near(request, signal)) ?? []));
  if (volumes === undefined || mounted.length === 0) return near;
  const places = await volumes.places([...new Set(mounted.map(({ name }) => name))], signal);
  for (const [name, nodeIds] of places) {
    if (nodeIds.length > 0) near.push({ what: `volume ${name}`, nodeIds: new Set(nodeIds) });
  }
  return near;
};

/** Clients take "not found" of a container that is being made for the word that its image is missing; engines say 400. */
const asOfStart = (thrown: unknown, option: string, container: string): unknown => {
  if (!(thrown instanceof TuttiError) || thrown.code !== 'not-found') return thrown;
  const message = option.startsWith('--link')
    ? `could not get container for ${container}: ${thrown.message}`
    : thrown.message;
  return new TuttiError('invalid-argument', message, { cause: thrown });
};
