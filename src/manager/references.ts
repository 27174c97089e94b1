import { isWanted } from '../core/task/known.ts';
import { TuttiError } from '../model/errors.ts';
import type { Task } from '../model/task.ts';
import { slotKey } from '../store/indexes.ts';
import type { Tables, View } from '../store/store.ts';

type NamedTable = 'service' | 'network' | 'secret' | 'config' | 'node';

/** The object with this id, name or unambiguous beginning of an id. Throws `not-found` or `invalid-argument`. */
export const resolve = <Name extends NamedTable>(view: View, table: Name, reference: string): Tables[Name] => {
  const found = find(view, table, reference);
  if (found === undefined) throw new TuttiError('not-found', `${table} ${reference} not found`);
  return found;
};

/** As `resolve`, but of ids and names whole ones only: for what is written down in specifications. */
export const resolveExactly = <Name extends NamedTable>(view: View, table: Name, reference: string): Tables[Name] => {
  const named = view.find(table as NamedTable, 'name', reference) as readonly Tables[Name][];
  const found = view.get(table, reference) ?? only(table, reference, named);
  if (found === undefined) throw new TuttiError('not-found', `${table} ${reference} not found`);
  return found;
};

const find = <Name extends NamedTable>(view: View, table: Name, reference: string): Tables[Name] | undefined => {
  const exact = view.get(table, reference);
  if (exact !== undefined) return exact;
  const named = view.find(table as NamedTable, 'name', reference) as readonly Tables[Name][];
  return only(table, reference, named) ?? only(table, reference, byPrefix(view, table, reference));
};

const only = <Row extends { readonly id: string }>(
  table: string,
  reference: string,
  rows: readonly Row[],
): Row | undefined => {
  if (rows.length < 2) return rows[0];
  const ids = rows.map(({ id }) => id).join(', ');
  throw new TuttiError(
    'invalid-argument',
    `${table} ${reference} is ambiguous (${rows.length} found: ${ids}): give an id`,
  );
};

/** Names come first, so a prefix is what people type by hand: a walk over the ids is cheap enough for that. */
const byPrefix = <Name extends NamedTable | 'task'>(
  view: View,
  table: Name,
  prefix: string,
): readonly Tables[Name][] => {
  const rows: Tables[Name][] = [];
  if (prefix === '') return rows;
  for (const row of view.list(table)) if ((row as { readonly id: string }).id.startsWith(prefix)) rows.push(row);
  return rows;
};

/** A task by its id, a beginning of it, or `<service>.<slot>`: then the one that the slot wants, or its newest. */
export const resolveTask = (view: View, reference: string): Task => {
  const found =
    view.get('task', reference) ??
    byName(view, reference) ??
    only('task', reference, byPrefix(view, 'task', reference));
  if (found === undefined) throw new TuttiError('not-found', `task ${reference} not found`);
  return found;
};

const byName = (view: View, reference: string): Task | undefined => {
  const match = /^(.+)\.(\d+)(?:\.([a-z0-9]+))?$/.exec(reference);
  if (match === null) return undefined;
  const [, name = '', slot = '', id] = match;
  if (id !== undefined) return view.get('task', id);
  const [service] = view.find('service', 'name', name);
  if (service === undefined) return undefined;
  return view
    .find('task', 'slot', slotKey(service.id, Number(slot)))
    .toSorted((left, right) => Number(isWanted(right)) - Number(isWanted(left)) || right.createdAt - left.createdAt)[0];
};
