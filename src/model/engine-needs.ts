import { compareApi } from './api-version.ts';
import type { ContainerSpec, Mount } from './container.ts';
import type { Node } from './node.ts';

/** What only engines of some release on know: older ones pass over it without a word, or refuse it in words that do not say why. */
export interface EngineNeed {
  /** As messages name it. */
  readonly what: string;
  /** First version of the API, and release, that knows it. */
  readonly api: string;
  readonly release: string;
  /** The container does without where it must. Without any other it would see more than it should, or not come to be. */
  readonly soft: boolean;
}

const hard = (what: string, api: string, release: string): EngineNeed => ({ what, api, release, soft: false });
const soft = (what: string, api: string, release: string): EngineNeed => ({ what, api, release, soft: true });

/** From the version history of the Engine API; versions up to 1.41 are every engine's. */
export const engineNeeds = {
  subpath: hard('a path in the volume (volume-subpath)', '1.45', '26.0'),
  readOnlyBelow: hard('a mount that is read-only in all below it', '1.44', '25.0'),
  imageMount: hard('a mount of the type image', '1.48', '28.0'),
  startInterval: soft('the start interval of the health check', '1.44', '25.0'),
  annotations: soft('annotations', '1.43', '24.0'),
  hardwareAddress: soft('a hardware address on one network', '1.44', '25.0'),
  gatewayPriority: soft('the priority of a gateway (gw-priority)', '1.48', '28.0'),
} as const satisfies Readonly<Record<string, EngineNeed>>;

/** What a mount cannot do without. */
export const needsOfMount = ({ type, bind, volume }: Mount): readonly EngineNeed[] => [
  ...(bind?.readOnlyForceRecursive === true ? [engineNeeds.readOnlyBelow] : []),
  ...((volume?.subpath ?? '') === '' ? [] : [engineNeeds.subpath]),
  ...(type === 'image' ? [engineNeeds.imageMount] : []),
];

/** What the containers of a task cannot do without, each once. */
export const needsOfContainers = (containers: readonly ContainerSpec[]): readonly EngineNeed[] => [
  ...new Set(containers.flatMap(({ mounts = [] }) => mounts.flatMap(needsOfMount))),
];

/** Whether the node's engine answers to this version of the API. */
export const knowsApi = ({ description }: Pick<Node, 'description'>, api: string): boolean =>
  compareApi(description?.engine.apiVersion ?? '1.41', api) >= 0;
