import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Labels } from '../../model/object.ts';
import { checkKeys } from '../http/keys.ts';
import type { ApiRequest } from '../http/request.ts';

/** Values by filter name; a name that is absent lets everything through. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const shape = z.record(
  z.string().max(255),
  z.union([z.array(z.string().max(65_536)).max(4096), z.record(z.string().max(65_536), z.boolean())]),
);

/**
 * The `filters` parameter: JSON of `{"name": {"web": true}}` or, from old clients, `{"name": ["web"]}`.
 * Throws `invalid-argument` for anything else and for names that are not in `known`.
 */
export const readFilters = (request: ApiRequest, known: readonly string[]): Filters => {
  const text = request.query.get('filters');
  if (text === null || text === '') return new Map();
  const given = parse(text);
  checkKeys(given, 'the parameter filters');
  const parsed = shape.safeParse(given);
  if (!parsed.success) throw new TuttiError('invalid-argument', 'invalid filters: not a map of lists');
  const filters = new Map<string, readonly string[]>();
  for (const [name, wanted] of Object.entries(parsed.data)) {
    if (!known.includes(name)) throw new TuttiError('invalid-argument', `invalid filter '${name}'`);
    const values = Array.isArray(wanted) ? wanted : Object.keys(wanted).filter((value) => wanted[value] === true);
    if (values.length > 0) filters.set(name, values);
  }
  return filters;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new TuttiError('invalid-argument', 'invalid filters: not JSON', { cause });
  }
};

/** True when the filter is absent or one of its values passes. */
export const anyOf = (filters: Filters, name: string, passes: (value: string) => boolean): boolean =>
  filters.get(name)?.some(passes) ?? true;

/** True when the filter is absent or one of its values is the beginning of `text`. */
export const prefixOf = (filters: Filters, name: string, text: string): boolean =>
  anyOf(filters, name, (value) => text.startsWith(value));

/** True when every `key` or `key=value` of the filter is among the labels. */
export const labelled = (filters: Filters, name: string, labels: Labels | undefined): boolean =>
  filters.get(name)?.every((wanted) => {
    const mark = wanted.indexOf('=');
    const key = mark < 0 ? wanted : wanted.slice(0, mark);
    const value = labels === undefined || !Object.hasOwn(labels, key) ? undefined : labels[key];
    return value !== undefined && (mark < 0 || value === wanted.slice(mark + 1));
  }) ?? true;

/** One of `allowed` for every value of the filter; throws `invalid-argument` with Docker's wording. */
export const checkChoice = (filters: Filters, name: string, allowed: readonly string[]): void => {
  for (const value of filters.get(name) ?? []) {
    if (!allowed.includes(value)) throw new TuttiError('invalid-argument', `invalid filter '${name}=${value}'`);
  }
};
