import type { DurableRow } from './driver.ts';
import { indexDefinitions } from './indexes.ts';
import type { Overlay } from './overlay.ts';
import { changedRow, missingRow, takenId, takenName } from './rows.ts';
import { isUnchanged, specWrite } from './spec-version.ts';
import type { Change, DurableTable, Indexes, SpecReadAt, Table, Tables, Transaction } from './store.ts';

/** A row's state before and after the transaction. Handed on as the `Change`. */
interface Write {
  readonly table: DurableTable;
  readonly id: string;
  readonly before: DurableRow | undefined;
  after: DurableRow | undefined;
}

/**
 * One durable transaction: writes into an overlay that later transactions of the same group see as well, and can take
 * them back.
 */
export class OverlayTransaction implements Transaction {
  readonly revision: number;
  readonly #overlay: Overlay;
  readonly #now: number;
  readonly #writes = new Map<DurableTable, Map<string, Write>>();
  /** Rows that an earlier transaction of the group had written. */
  readonly #shared = new Set<Write>();
  /** Others of the group have written before. */
  readonly #isLater: boolean;
  #open = true;

  constructor(overlay: Overlay, now: number) {
    this.#overlay = overlay;
    this.#now = now;
    this.#isLater = !overlay.isEmpty;
    this.revision = overlay.revision;
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

  create<Name extends DurableTable>(table: Name, row: Tables[Name]): void {
    if (this.#overlay.get(table, row.id) !== undefined) throw takenId(table, row.id);
    this.#checkName(table, row);
    this.#write(table, row.id, undefined, this.#stamped(row));
  }

  update<Name extends DurableTable>(table: Name, row: Tables[Name], expected?: number | SpecReadAt): void {
    const before = this.#current(table, row.id, expected);
    if (table !== 'task') this.#checkName(table, row);
    this.#write(table, row.id, before, specWrite(table, before, this.#stamped(row)));
  }

  delete(table: DurableTable, id: string, expected?: number): void {
    this.#write(table, id, this.#current(table, id, expected), undefined);
  }

  /** No more writes. What was changed, each row once; rows made and deleted again are left out. */
  finish(): Change[] {
    this.#open = false;
    const changes: Change[] = [];
    for (const writes of this.#writes.values()) {
      for (const write of writes.values()) {
        if (write.before !== undefined || write.after !== undefined) changes.push(write as Change);
      }
    }
    return changes;
  }

  /** Takes every write back. */
  undo(): void {
    this.#open = false;
    for (const writes of this.#writes.values()) {
      for (const write of writes.values()) {
        const { table, id, before, after } = write;
        if (this.#shared.has(write)) this.#overlay.write(table, id, after, before);
        else this.#overlay.forget(table, id);
      }
    }
  }

  #current(table: DurableTable, id: string, expected: number | SpecReadAt | undefined): DurableRow {
    const row = this.#overlay.get(table, id);
    if (row === undefined) throw missingRow(table, id);
    if (expected !== undefined && !isUnchanged(row, expected)) throw changedRow(table, row, expected);
    return row;
  }

  #stamped(row: DurableRow): DurableRow {
    return { ...row, version: this.revision + 1, updatedAt: this.#now };
  }

  #checkName(table: DurableTable, row: DurableRow): void {
    const definition = (
      indexDefinitions[table] as { name?: { key: (row: DurableRow) => string | undefined; unique?: boolean } }
    ).name;
    if (definition?.unique !== true) return;
    const key = definition.key(row);
    if (key === undefined) return;
    for (const other of this.#overlay.find(table as 'service', 'name', key)) {
      if (other.id !== row.id) throw takenName(table, other.spec.name, other.id);
    }
  }

  #write(table: DurableTable, id: string, before: DurableRow | undefined, after: DurableRow | undefined): void {
    if (!this.#open) throw new TypeError('the transaction has ended: write before the first await');
    let writes = this.#writes.get(table);
    if (writes === undefined) this.#writes.set(table, (writes = new Map()));
    const earlier = writes.get(id);
    if (earlier !== undefined) earlier.after = after;
    else {
      const write: Write = { table, id, before, after };
      if (this.#isLater && this.#overlay.has(table, id)) this.#shared.add(write);
      writes.set(id, write);
    }
    this.#overlay.write(table, id, before, after);
  }
}
