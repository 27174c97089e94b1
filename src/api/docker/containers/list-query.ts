import { TuttiError } from '../../../model/errors.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import type { Filters } from '../filters.ts';
import { checkChoice, readFilters } from '../filters.ts';

/** What a client asks of the list of containers. */
export interface ListQuery {
  readonly all: boolean;
  /** So many of the newest, running or not. */
  readonly limit?: number;
  readonly size: boolean;
  readonly filters: Filters;
}

const known = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'node',
  'publish',
  'since',
  'status',
  'volume',
];
const states = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

/** Throws `invalid-argument`. */
export const readListQuery = (request: ApiRequest): ListQuery => {
  const filters = readFilters(request, known);
  checkChoice(filters, 'status', states);
  checkChoice(filters, 'health', ['starting', 'healthy', 'unhealthy', 'none']);
  const limit = request.query.get('limit') ?? '';
  if (!/^-?\d{0,9}$/.test(limit)) throw new TuttiError('invalid-argument', `invalid limit '${limit}': not a number`);
  return {
    all: flagOf(request, 'all'),
    size: flagOf(request, 'size'),
    filters,
    ...(Number(limit) > 0 && { limit: Number(limit) }),
  };
};

/** The filters without these, as a client writes them. */
export const filtersText = (filters: Filters, without: readonly string[] = []): string | undefined => {
  const kept = [...filters].filter(([name]) => !without.includes(name));
  return kept.length === 0 ? undefined : JSON.stringify(Object.fromEntries(kept));
};
