import type { EngineNetwork } from '../../../manager/attach/local.ts';
import type { Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Network } from '../../../model/network.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { networkTo } from '../convert/network.ts';
import { anyOf, checkChoice, labelled, readFilters } from '../filters.ts';
import type { Filters } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import { findLocal, shownLocal } from './local.ts';
import { isUsed } from './use.ts';

const known = ['dangling', 'driver', 'id', 'label', 'name', 'node', 'scope', 'type'];

/** The cluster's networks and the engines' own, these as `node/name`. */
export const listNetworks = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const filters = readFilters(request, known);
  checkChoice(filters, 'type', ['custom', 'builtin']);
  const dangling = wantsDangling(filters);
  const own = context.manager.queries
    .networks()
    .filter(
      (network) =>
        !filters.has('node') &&
        anyOf(filters, 'type', (type) => (type === 'builtin') === isBuiltIn(network)) &&
        (dangling === undefined || dangling === isDangling(context.manager, network)),
    )
    .map(networkTo);
  const { found, missing } = await findLocal(context, request, {
    ...(dangling !== undefined && { filters: { dangling: [String(dangling)] } }),
  });
  const others = found
    .filter(({ nodeId, nodeName }) => anyOf(filters, 'node', (node) => node === nodeId || node === nodeName))
    .filter(() => anyOf(filters, 'type', (type) => type === 'custom'))
    .map(shownLocal);
  const shown = [...own, ...others].filter(filterOf(filters));
  return { ...json(shown), headers: missingHeaders(missing) };
};

const filterOf =
  (filters: Filters) =>
  ({ Id, Name, Driver, Scope, Labels }: EngineNetwork): boolean =>
    anyOf(filters, 'driver', (driver) => driver === Driver) &&
    anyOf(filters, 'id', (id) => matches(Id, id)) &&
    anyOf(filters, 'name', (name) => matches(Name, name)) &&
    anyOf(filters, 'scope', (scope) => scope === Scope) &&
    labelled(filters, 'label', Labels);

/** A part of the text; `^` and `$` bind it to the beginning and the end, as in the patterns that Docker takes here. */
const matches = (text: string, wanted: string): boolean => {
  const [atStart, atEnd] = [wanted.startsWith('^'), wanted.endsWith('$')];
  const part = wanted.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  if (atStart && atEnd) return text === part;
  if (atStart) return text.startsWith(part);
  return atEnd ? text.endsWith(part) : text.includes(part);
};

const isBuiltIn = ({ spec }: Network): boolean => spec.driver !== 'overlay';

/** Throws `invalid-argument` as Docker does. */
const wantsDangling = (filters: Filters): boolean | undefined => {
  const values = filters.get('dangling');
  if (values === undefined) return undefined;
  const [value = '', ...more] = values;
  const known = ['true', 'false', '1', '0', 'True', 'False', 't', 'f'];
  if (more.length > 0 || !known.includes(value)) {
    throw new TuttiError('invalid-argument', `invalid filter 'dangling=${values.join(',')}'`);
  }
  return ['true', '1', 'True', 't'].includes(value);
};

/** Nothing is on it, and it may be removed. */
const isDangling = (manager: Manager, network: Network): boolean =>
  !isBuiltIn(network) && network.spec.ingress !== true && !isUsed(manager, network);
