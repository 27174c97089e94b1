/** Ids by key. One id is kept bare, several in a set: most keys of most indexes have one, and a set costs ten times as much. */
export class Buckets {
  readonly #byKey = new Map<string, string | Set<string>>();

  add(key: string, id: string): void {
    const present = this.#byKey.get(key);
    if (present === undefined) this.#byKey.set(key, id);
    else if (typeof present !== 'string') present.add(id);
    else if (present !== id) this.#byKey.set(key, new Set([present, id]));
  }

  remove(key: string, id: string): void {
    const present = this.#byKey.get(key);
    if (present === id) this.#byKey.delete(key);
    else if (present instanceof Set && present.delete(id) && present.size === 0) this.#byKey.delete(key);
  }

  get(key: string): Iterable<string> {
    const present = this.#byKey.get(key);
    if (present === undefined) return [];
    return typeof present === 'string' ? [present] : present;
  }

  count(key: string): number {
    const present = this.#byKey.get(key);
    if (present === undefined) return 0;
    return typeof present === 'string' ? 1 : present.size;
  }
}
