import type { Randomness } from '../../src/platform/ports.ts';

/** A deterministic generator (mulberry32): the same seed gives the same run, on every machine. */
export interface Prng extends Randomness {
  /** An integer in [0, below). */
  below(below: number): number;
  /** An integer in [from, to]. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** An independent generator: what one part draws does not change what another sees. */
  fork(): Prng;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';

export function prng(seed: number): Prng {
  let state = seed >>> 0;
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number): number => Math.floor(number() * bound);
  return {
    number,
    id: () => {
      let text = '';
      while (text.length < 25) text += alphabet[below(36)];
      return text;
    },
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (probability) => number() < probability,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    fork: () => prng(below(4_294_967_296)),
  };
}
