import type { PlaceNear } from '../../core/place/model.ts';
import type { SingleContainerSpec } from '../../model/single-container.ts';
import type { Inventory, KnownContainer } from '../manager.ts';

/** Compose says with it which container this one is made for: that one is stopped and removed before this one starts. */
const replaceLabel = 'com.docker.compose.replace';

/** How a container is placed that takes the place of another: beside it, and its ports are no obstacle. */
export interface Succession {
  readonly spec: SingleContainerSpec;
  readonly near: readonly PlaceNear[];
}

/** Where the container is made for another one that is there: how it takes that one's place. */
export const successionOf = async (
  spec: SingleContainerSpec,
  near: readonly PlaceNear[],
  inventory: Pick<Inventory, 'find'>,
  signal: AbortSignal,
): Promise<Succession | undefined> => {
  const labels = spec.request['Labels'] as Readonly<Record<string, unknown>> | null | undefined;
  const replaced = labels?.[replaceLabel];
  if (typeof replaced !== 'string' || replaced === '') return undefined;
  const predecessor = await inventory.find(replaced, signal).catch(() => undefined);
  if (predecessor?.reachable !== true) return undefined;
  const taken = portsOf(predecessor);
  return {
    spec: { ...spec, hostPorts: spec.hostPorts.filter((port) => !taken.has(port)) },
    near: [...near, { what: 'the container that it replaces', nodeIds: new Set([predecessor.nodeId]) }],
  };
};

const portsOf = ({ summary }: Pick<KnownContainer, 'summary'>): ReadonlySet<string> =>
  new Set((summary.Ports ?? []).flatMap(({ PublicPort, Type }) => (PublicPort ? [`${Type}/${PublicPort}`] : [])));
