import type { GenericResource } from '../../model/container.ts';

/** So much of a named resource, or one certain item of it. */
export type GenericNeed =
  | { readonly name: string; readonly count: number }
  | { readonly name: string; readonly item: string };

interface Kind {
  total: number;
  used: number;
  /** Items in the order that the node gives them; empty where only a number is known. */
  items: readonly string[];
  readonly taken: Map<string, number>;
}

/** A node's generic resources: what it has, and what is handed out. */
export class GenericPool {
  readonly #kinds = new Map<string, Kind>();

  /** What the node has now. What is handed out stays handed out, also where the node no longer has it. */
  resize(resources: readonly GenericResource[]): void {
    for (const kind of this.#kinds.values()) Object.assign(kind, { total: 0, items: [] });
    for (const resource of resources) {
      const kind = this.#kind(resource.name);
      if (resource.kind === 'discrete') kind.total += resource.value;
      else kind.items = [...kind.items, resource.value];
    }
  }

  fits(need: GenericNeed): boolean {
    const kind = this.#kinds.get(need.name);
    if (kind === undefined) return 'count' in need && need.count === 0;
    if ('item' in need) return kind.items.includes(need.item) && !kind.taken.has(need.item);
    if (kind.items.length === 0) return kind.total - kind.used >= need.count;
    return kind.items.reduce((free, item) => free + (kind.taken.has(item) ? 0 : 1), 0) >= need.count;
  }

  /** Which resources answer needs that fit. Nothing is taken yet. */
  choose(needs: readonly GenericNeed[]): readonly GenericResource[] {
    const chosen: GenericResource[] = [];
    for (const need of needs) {
      const { name } = need;
      const kind = this.#kind(name);
      if ('item' in need) chosen.push({ kind: 'named', name, value: need.item });
      else if (kind.items.length === 0) chosen.push({ kind: 'discrete', name, value: need.count });
      else {
        const free = kind.items.filter((item) => !kind.taken.has(item));
        for (const value of free.slice(0, need.count)) chosen.push({ kind: 'named', name, value });
      }
    }
    return chosen;
  }

  /** Hands out (`by` = 1) or takes back (`by` = -1). */
  move(resources: readonly GenericResource[], by: 1 | -1): void {
    for (const resource of resources) {
      const kind = this.#kind(resource.name);
      if (resource.kind === 'discrete') kind.used += by * resource.value;
      else {
        const holders = (kind.taken.get(resource.value) ?? 0) + by;
        if (holders > 0) kind.taken.set(resource.value, holders);
        else kind.taken.delete(resource.value);
      }
    }
  }

  #kind(name: string): Kind {
    const present = this.#kinds.get(name);
    if (present !== undefined) return present;
    const made: Kind = { total: 0, used: 0, items: [], taken: new Map() };
    this.#kinds.set(name, made);
    return made;
  }
}
