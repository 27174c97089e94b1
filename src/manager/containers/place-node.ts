import type { PlaceContainer, PlaceImage, PlaceNode } from '../../core/place/model.ts';
import type { Inventory, KnownContainer } from '../manager.ts';

/** What is costly to tell of a node, as functions: each is called once, when it is first asked for. */
interface Parts extends Pick<PlaceNode, 'node' | 'status'>, Partial<Pick<PlaceNode, 'used' | 'hasPort'>> {
  readonly count: () => number;
  readonly containers: () => readonly PlaceContainer[];
  readonly images: () => readonly PlaceImage[];
}

/** A node as placing sees it. By default nothing is reserved there and no port taken. */
export const placeNodeOf = (parts: Parts): PlaceNode => {
  const { node, status, used = { nanoCpus: 0, memoryBytes: 0 }, hasPort = () => false } = parts;
  const containers = once(parts.containers);
  const images = once(parts.images);
  return {
    node,
    status,
    used,
    hasPort,
    get count() {
      return parts.count();
    },
    get containers() {
      return containers();
    },
    get images() {
      return images();
    },
  };
};

export const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
};

export const placeContainerOf = ({ id, name, summary }: KnownContainer): PlaceContainer => ({
  id,
  names: [name],
  labels: summary.Labels ?? {},
});

export const placeImageOf = ({ Id, RepoTags, RepoDigests }: ReturnType<Inventory['images']>[number]): PlaceImage => ({
  id: Id,
  tags: RepoTags ?? [],
  digests: RepoDigests ?? [],
});
