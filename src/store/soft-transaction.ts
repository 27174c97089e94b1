import { Overlay } from './overlay.ts';
import type { Change, Indexes, SoftTable, SoftTransaction, Table, Tables } from './store.ts';
import type { TableSet } from './tables.ts';

/** One transaction over soft rows: collected first, so that a throwing one writes nothing. */
export class OverlaySoftTransaction implements SoftTransaction {
  readonly revision: number;
  readonly #overlay: Overlay;
  readonly #base: TableSet;
  readonly #written = new Map<SoftTable, Set<string>>();

  constructor(base: TableSet) {
    this.#base = base;
    this.#overlay = new Overlay(base);
    this.revision = base.revision;
  }

  get<Name extends Table>(table: Name, id: string): Tables[Name] | undefined {
    return this.#overlay.get(table, id);
  }

  list<Name extends Table>(table: Name): Iterable<Tables[Name]> {
    return this.#overlay.list(table);
  }

  count(table: Table): number {
    return this.#overlay.count(table);
  }

  find<Name extends Table>(table: Name, index: Indexes[Name], key: string): readonly Tables[Name][] {
    return this.#overlay.find(table, index, key);
  }

  countOf<Name extends Table>(table: Name, index: Indexes[Name], key: string): number {
    return this.#overlay.countOf(table, index, key);
  }

  put<Name extends SoftTable>(table: Name, id: string, row: Tables[Name]): void {
    this.#note(table, id);
    this.#overlay.write(table, id, this.#overlay.get(table, id), row);
  }

  drop(table: SoftTable, id: string): void {
    const before = this.#overlay.get(table, id);
    if (before === undefined) return;
    this.#note(table, id);
    this.#overlay.write(table, id, before, undefined);
  }

  finish(): Change[] {
    const changes: Change[] = [];
    for (const [table, ids] of this.#written) {
      for (const id of ids) {
        const before = this.#base.get(table, id);
        const after = this.#overlay.get(table, id);
        if (before !== after) changes.push({ table, id, before, after } as Change);
      }
    }
    return changes;
  }

  #note(table: SoftTable, id: string): void {
    let ids = this.#written.get(table);
    if (ids === undefined) this.#written.set(table, (ids = new Set()));
    ids.add(id);
  }
}
