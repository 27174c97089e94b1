import { Buckets } from './buckets.ts';
import type { IndexDefinition } from './indexes.ts';
import type { Indexes, Table, Tables, View } from './store.ts';
import { definitionsOf } from './tables.ts';
import type { Row, TableSet } from './tables.ts';

/** One index over the rows of an overlay: made when first asked for, kept up from then on. */
interface OverlayIndex {
  readonly definition: IndexDefinition<Row>;
  readonly added: Buckets;
  /** Key → how many more rows have it than in the base. */
  readonly difference: Map<string, number>;
}

/** Stands for a row that is deleted. */
const deleted = Symbol('deleted');

interface OverlayTable {
  readonly rows: Map<string, Row | typeof deleted>;
  readonly indexes: Map<string, OverlayIndex>;
  /** How many more rows there are than in the base. */
  difference: number;
}

/** Writes that are not committed yet, seen over the committed tables. Costs what is written, never what is stored. */
export class Overlay implements View {
  readonly #base: TableSet;
  readonly #tables = new Map<Table, OverlayTable>();
  revision: number;

  constructor(base: TableSet) {
    this.#base = base;
    this.revision = base.revision;
  }

  /** Nothing was ever written here. */
  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  get<Name extends Table>(table: Name, id: string): Tables[Name] | undefined {
    const overlaid = this.#tables.get(table);
    if (overlaid === undefined) return this.#base.get(table, id);
    const row = overlaid.rows.get(id);
    if (row === undefined) return this.#base.get(table, id);
    return row === deleted ? undefined : (row as Tables[Name]);
  }

  *list<Name extends Table>(table: Name): Iterable<Tables[Name]> {
    const overlaid = this.#tables.get(table);
    if (overlaid === undefined) {
      yield* this.#base.list(table);
      return;
    }
    for (const [id, row] of this.#base.entries(table)) if (!overlaid.rows.has(id)) yield row;
    for (const row of overlaid.rows.values()) if (row !== deleted) yield row as Tables[Name];
  }

  count(table: Table): number {
    return this.#base.count(table) + (this.#tables.get(table)?.difference ?? 0);
  }

  find<Name extends Table>(table: Name, index: Indexes[Name], key: string): readonly Tables[Name][] {
    const overlaid = this.#tables.get(table);
    if (overlaid === undefined) return this.#base.find(table, index, key);
    const { definition, added } = this.#index(table, overlaid, index);
    const found: Tables[Name][] = [];
    for (const id of this.#base.idsOf(table, index, key)) {
      if (!overlaid.rows.has(id)) found.push(this.#base.get(table, id) as Tables[Name]);
    }
    for (const id of added.get(folded(definition, key))) found.push(overlaid.rows.get(id) as Tables[Name]);
    return found;
  }

  countOf<Name extends Table>(table: Name, index: Indexes[Name], key: string): number {
    const stored = this.#base.countOf(table, index, key);
    const overlaid = this.#tables.get(table);
    if (overlaid === undefined) return stored;
    const { definition, difference } = this.#index(table, overlaid, index);
    return stored + (difference.get(folded(definition, key)) ?? 0);
  }

  /** Whether the row is written here, be it by a deletion. */
  has(table: Table, id: string): boolean {
    return this.#tables.get(table)?.rows.has(id) === true;
  }

  /** `before`: the row as it is seen now. */
  write(table: Table, id: string, before: Row | undefined, row: Row | undefined): void {
    const overlaid = this.#table(table);
    overlaid.rows.set(id, row ?? deleted);
    account(overlaid, id, before, row);
  }

  /** Forgets the write of a row: the base shows through again. */
  forget(table: Table, id: string): void {
    const overlaid = this.#table(table);
    const base = this.#base.get(table, id);
    account(overlaid, id, this.get(table, id), base);
    overlaid.rows.delete(id);
    if (base === undefined) return;
    for (const { definition, added } of overlaid.indexes.values()) {
      const key = definition.key(base);
      if (key !== undefined) added.remove(key, id);
    }
  }

  #table(table: Table): OverlayTable {
    const present = this.#tables.get(table);
    if (present !== undefined) return present;
    const made: OverlayTable = { rows: new Map(), indexes: new Map(), difference: 0 };
    this.#tables.set(table, made);
    return made;
  }

  #index(table: Table, overlaid: OverlayTable, name: string): OverlayIndex {
    const present = overlaid.indexes.get(name);
    if (present !== undefined) return present;
    const definition = definitionsOf(table).find(([candidate]) => candidate === name)?.[1];
    if (definition === undefined) throw new TypeError(`table ${table} has no index ${name}`);
    const index: OverlayIndex = { definition, added: new Buckets(), difference: new Map() };
    for (const [id, row] of overlaid.rows) {
      move(index, id, this.#base.get(table, id), row === deleted ? undefined : row);
    }
    overlaid.indexes.set(name, index);
    return index;
  }
}

const folded = (definition: IndexDefinition<Row>, key: string): string =>
  definition.fold === true ? key.toLowerCase() : key;

const account = (table: OverlayTable, id: string, before: Row | undefined, after: Row | undefined): void => {
  table.difference += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
  for (const index of table.indexes.values()) move(index, id, before, after);
};

const move = (index: OverlayIndex, id: string, before: Row | undefined, after: Row | undefined): void => {
  const from = before === undefined ? undefined : index.definition.key(before);
  const to = after === undefined ? undefined : index.definition.key(after);
  if (from !== undefined) {
    index.added.remove(from, id);
    index.difference.set(from, (index.difference.get(from) ?? 0) - 1);
  }
  if (to !== undefined) {
    index.added.add(to, id);
    index.difference.set(to, (index.difference.get(to) ?? 0) + 1);
  }
};
