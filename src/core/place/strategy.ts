import { isImage } from './image.ts';
import type { PlaceNode, PlaceOptions, PlaceRequest } from './model.ts';

/** A node's room for the container. */
export interface Room {
  readonly node: PlaceNode;
  /** Classic Swarm's: the percents of cpu and of memory reserved with this container, each 100 where it reserves none. */
  readonly weight: number;
}

export type RoomOrLack =
  | { readonly kind: 'room'; readonly room: Room }
  | { readonly kind: 'lack'; readonly what: 'cpu' | 'memory' };

/** Whether what the container reserves is free on the node, and how full the node is with it. */
export const roomOn = (node: PlaceNode, { reservation }: PlaceRequest, overcommit: number): RoomOrLack => {
  const resources = node.node.description?.resources;
  const cpu = percent(node.used.nanoCpus, reservation.nanoCpus, (resources?.nanoCpus ?? 0) * (1 + overcommit));
  const memory = percent(
    node.used.memoryBytes,
    reservation.memoryBytes,
    (resources?.memoryBytes ?? 0) * (1 + overcommit),
  );
  if (memory > 100) return { kind: 'lack', what: 'memory' };
  if (cpu > 100) return { kind: 'lack', what: 'cpu' };
  return { kind: 'room', room: { node, weight: cpu + memory } };
};

const percent = (used: number, wanted: number, total: number): number =>
  wanted === 0 ? 100 : total === 0 ? Number.POSITIVE_INFINITY : ((used + wanted) * 100) / total;

/**
 * The best of the rooms (there is one at least). Spread: the emptiest, then the one with the fewest containers; binpack: the
 * fullest, then the one with the most; what is left equal goes to a node that has the image, then by name.
 */
export const choose = (
  rooms: readonly Room[],
  { image }: Pick<PlaceRequest, 'image'>,
  { strategy, chance }: PlaceOptions,
): PlaceNode => {
  if (strategy === 'random') return (rooms[Math.floor(chance * rooms.length)] as Room).node;
  const sign = strategy === 'spread' ? 1 : -1;
  const better = (left: Room, right: Room): number =>
    sign * (left.weight - right.weight) ||
    sign * (left.node.count - right.node.count) ||
    Number(hasImage(right.node, image)) - Number(hasImage(left.node, image)) ||
    (left.node.node.id < right.node.node.id ? -1 : 1);
  return rooms.reduce((best, room) => (better(room, best) < 0 ? room : best)).node;
};

const hasImage = ({ images }: PlaceNode, reference: string): boolean =>
  images.some((image) => isImage(image, reference));
