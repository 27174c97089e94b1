import { Buckets } from './buckets.ts';
import { indexDefinitions } from './indexes.ts';
import type { IndexDefinition } from './indexes.ts';
import type { CommittedView, Indexes, Table, Tables } from './store.ts';

export type Row = Tables[Table];

interface Index {
  readonly definition: IndexDefinition<Row>;
  readonly buckets: Buckets;
}

/** One table: rows by id, and its secondary indexes kept up with each write. */
class TableData {
  readonly rows = new Map<string, Row>();
  generation = 0;
  readonly indexes: ReadonlyMap<string, Index>;
  readonly #indexes: readonly Index[];

  constructor(table: Table) {
    this.indexes = new Map(
      definitionsOf(table).map(([name, definition]) => [name, { definition, buckets: new Buckets() }]),
    );
    this.#indexes = [...this.indexes.values()];
  }

  write(id: string, before: Row | undefined, row: Row | undefined): void {
    this.generation += 1;
    if (row === undefined) this.rows.delete(id);
    else this.rows.set(id, row);
    for (const { definition, buckets } of this.#indexes) {
      if (before !== undefined && row !== undefined && definition.isSame?.(before, row) === true) continue;
      const from = before === undefined ? undefined : definition.key(before);
      const to = row === undefined ? undefined : definition.key(row);
      if (from === to) continue;
      if (from !== undefined) buckets.remove(from, id);
      if (to !== undefined) buckets.add(to, id);
    }
  }
}

/** A table's index definitions by name. The row type is widened: each definition is only ever given its table's rows. */
export const definitionsOf = (table: Table): [string, IndexDefinition<Row>][] =>
  Object.entries(indexDefinitions[table] as Record<string, IndexDefinition<Row>>);

/** The committed state: every table, with the revision of the last durable commit. */
export class TableSet implements CommittedView {
  revision = 0;
  readonly #tables: ReadonlyMap<Table, TableData>;

  constructor() {
    this.#tables = new Map((Object.keys(indexDefinitions) as Table[]).map((table) => [table, new TableData(table)]));
  }

  get<Name extends Table>(table: Name, id: string): Tables[Name] | undefined {
    return this.#data(table).rows.get(id) as Tables[Name] | undefined;
  }

  list<Name extends Table>(table: Name): Iterable<Tables[Name]> {
    return this.#data(table).rows.values() as Iterable<Tables[Name]>;
  }

  entries<Name extends Table>(table: Name): Iterable<[string, Tables[Name]]> {
    return this.#data(table).rows as unknown as Iterable<[string, Tables[Name]]>;
  }

  count(table: Table): number {
    return this.#data(table).rows.size;
  }

  generation(table: Table): number {
    return this.#data(table).generation;
  }

  find<Name extends Table>(table: Name, index: Indexes[Name], key: string): Tables[Name][] {
    const { rows } = this.#data(table);
    const found: Row[] = [];
    for (const id of this.idsOf(table, index, key)) found.push(rows.get(id) as Row);
    return found as Tables[Name][];
  }

  countOf<Name extends Table>(table: Name, index: Indexes[Name], key: string): number {
    const { definition, buckets } = this.#index(table, index);
    return buckets.count(definition.fold === true ? key.toLowerCase() : key);
  }

  idsOf(table: Table, index: string, key: string): Iterable<string> {
    const { definition, buckets } = this.#index(table, index);
    return buckets.get(definition.fold === true ? key.toLowerCase() : key);
  }

  /** `before`: the row as it is now. */
  write(table: Table, id: string, before: Row | undefined, row: Row | undefined): void {
    this.#data(table).write(id, before, row);
  }

  #data(table: Table): TableData {
    return this.#tables.get(table) as TableData;
  }

  #index(table: Table, index: string): Index {
    const found = this.#data(table).indexes.get(index);
    if (found === undefined) throw new TypeError(`table ${table} has no index ${index}`);
    return found;
  }
}
