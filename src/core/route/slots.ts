import { keyOf } from './backends.ts';
import type { ProxyBackend, ProxyServer } from './backends.ts';

/** A place for a server in the proxy: the places of a backend are fixed while it runs, what is in them is not. */
export interface Slot {
  readonly name: string;
  /** `0.0.0.0` where there was never anything in it. */
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  /** It is given requests. */
  readonly ready: boolean;
}

/** Slots by the name of their backend. */
export type Slots = ReadonlyMap<string, readonly Slot[]>;

const unused = { address: '0.0.0.0', port: 80, weight: 1, ready: false };
const fewest = 8;

/** Room to grow, so that scaling up seldom needs the proxy to be loaded again. */
const roomFor = (servers: number): number => {
  let room = fewest;
  while (room < servers + servers / 4) room *= 2;
  return room;
};

const filled = (slot: Slot, { address, port, weight }: ProxyServer): Slot => ({
  ...slot,
  address,
  port,
  // Weight 0 of a slot would have a client with a cookie still come: not ready says it for everyone.
  weight: Math.max(1, weight),
  ready: weight > 0,
});

/**
 * What should be in the slots of a backend: a server keeps the slot that it has, a new one takes a free one, those never
 * used first. Undefined where there are too few.
 */
const fill = (slots: readonly Slot[], servers: readonly ProxyServer[]): readonly Slot[] | undefined => {
  const wanted = new Map(servers.map((server) => [keyOf(server), server]));
  const next = slots.map((slot) => {
    const server = wanted.get(keyOf(slot));
    wanted.delete(keyOf(slot));
    return server === undefined ? { ...slot, ready: false } : filled(slot, server);
  });
  const isUsed = new Set(servers.map(keyOf));
  const free = next
    .map((slot, at) => ({ slot, at }))
    .filter(({ slot }) => !isUsed.has(keyOf(slot)))
    .toSorted(
      (left, right) => Number(left.slot.address !== unused.address) - Number(right.slot.address !== unused.address),
    );
  for (const server of wanted.values()) {
    const place = free.shift();
    if (place === undefined) return undefined;
    next[place.at] = filled(place.slot, server);
  }
  return next;
};

/** The slots that all backends should have, beginning with those that there are. */
export const slotsFor = (backends: readonly ProxyBackend[], found: Slots): Slots =>
  new Map(
    backends
      .filter(({ route }) => route.action.kind === 'services')
      .map(({ name, servers }) => {
        const kept = fill(found.get(name) ?? [], servers);
        const slots = kept !== undefined && kept.length > 0 ? kept : fill(empty(roomFor(servers.length)), servers);
        return [name, slots ?? []];
      }),
  );

const empty = (count: number): readonly Slot[] =>
  Array.from({ length: count }, (_, at) => ({ ...unused, name: `s${at + 1}` }));

/**
 * What has to be said to a proxy that has `found` to make it have `wanted`, in the order in which it is safe: what is new
 * is there before what is old goes. Only for backends that both have with as many slots.
 */
export const slotCommands = (found: Slots, wanted: Slots): readonly string[] => {
  const enter: string[] = [];
  const leave: string[] = [];
  for (const [backend, slots] of wanted) {
    const before = new Map((found.get(backend) ?? []).map((slot) => [slot.name, slot]));
    for (const slot of slots) {
      const old = before.get(slot.name);
      if (old === undefined || same(old, slot)) continue;
      (slot.ready ? enter : leave).push(...changeSlot(`${backend}/${slot.name}`, old, slot));
    }
  }
  return [...enter, ...leave];
};

const changeSlot = (server: string, old: Slot, slot: Slot): readonly string[] => {
  if (!slot.ready) return old.ready ? [`set server ${server} state maint`] : [];
  return [
    ...(keyOf(old) === keyOf(slot) ? [] : [`set server ${server} addr ${slot.address} port ${slot.port}`]),
    ...(old.weight === slot.weight ? [] : [`set server ${server} weight ${slot.weight}`]),
    ...(old.ready ? [] : [`set server ${server} state ready`]),
  ];
};

/** Weight and address of a slot that gets nothing do not matter. */
const same = (left: Slot, right: Slot): boolean =>
  left.ready === right.ready && (!left.ready || (left.weight === right.weight && keyOf(left) === keyOf(right)));

/** Whether the proxy has what it should. */
export const haveSameSlots = (found: Slots, wanted: Slots): boolean => slotCommands(found, wanted).length === 0;
