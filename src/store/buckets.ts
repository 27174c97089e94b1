/** From so many ids on a bucket is a set: removing from a list looks through it, adding to a set hashes and grows. */
const listLimit = 256;

type Bucket = string | string[] | Set<string>;

/**
 * Ids by key. Most keys of most indexes have one id, kept bare; some have a few, kept in a list, which costs a tenth of a
 * set in memory and time. An id is added to a key once and removed once.
 */
export class Buckets {
  readonly #byKey = new Map<string, Bucket>();

  add(key: string, id: string): void {
    const present = this.#byKey.get(key);
    if (present === undefined) this.#byKey.set(key, id);
    else if (typeof present === 'string') this.#byKey.set(key, [present, id]);
    else if (present instanceof Set) present.add(id);
    else if (present.length < listLimit) present.push(id);
    else this.#byKey.set(key, new Set(present).add(id));
  }

  remove(key: string, id: string): void {
    const present = this.#byKey.get(key);
    if (present === undefined) return;
    if (present === id) this.#byKey.delete(key);
    else if (present instanceof Set) {
      present.delete(id);
      if (present.size === 0) this.#byKey.delete(key);
    } else if (typeof present !== 'string') {
      const at = present.indexOf(id);
      if (at < 0) return;
      const last = present.pop() as string;
      if (at < present.length) present[at] = last;
      if (present.length === 0) this.#byKey.delete(key);
    }
  }

  get(key: string): Iterable<string> {
    const present = this.#byKey.get(key);
    if (present === undefined) return [];
    return typeof present === 'string' ? [present] : present;
  }

  count(key: string): number {
    const present = this.#byKey.get(key);
    if (present === undefined) return 0;
    if (typeof present === 'string') return 1;
    return present instanceof Set ? present.size : present.length;
  }
}
