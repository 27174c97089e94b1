import { predefined } from '../../../manager/attach/local.ts';
import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import { tellEngine } from '../../../manager/engines/call.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Network } from '../../../model/network.ts';
import { networkLabel } from '../../../model/network.ts';
import type { Reply } from '../../http/reply.ts';
import { empty, json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { engineOf } from '../context.ts';
import type { DockerContext } from '../context.ts';
import { momentBefore } from '../convert/time.ts';
import { lookupAsync } from '../errors.ts';
import { labelled, readFilters } from '../filters.ts';
import type { Filters } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import { namedNodes } from '../nodes.ts';
import { findNetwork } from './find.ts';
import { isUsed } from './use.ts';

export const removeNetwork = async (context: DockerContext, request: ApiRequest, reference: string): Promise<Reply> => {
  const found = await findNetwork(context, request, reference);
  if (found.kind === 'local') {
    const path = `/networks/${found.network.Id}`;
    await tellEngine(engineOf(context), found.nodeId, { method: 'DELETE', path }, request.signal);
    return empty(204);
  }
  const { id, spec } = found.network;
  if (predefined.has(spec.name)) {
    throw new TuttiError('permission-denied', `${spec.name} is a pre-defined network and cannot be removed`);
  }
  await context.manager.networks.verify(id, request.signal);
  await lookupAsync('network', id, () => context.manager.commands.removeNetwork(id));
  return empty(204);
};

/** Removes what nothing is on: of the cluster, and of each engine's own; with a `node` filter of these nodes' own alone. */
export const pruneNetworks = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager, clock } = context;
  const filters = readFilters(request, ['until', 'label', 'label!', 'node']);
  const until = readUntil(filters, clock.now());
  const gone: string[] = [];
  for (const network of filters.has('node') ? [] : manager.queries.networks()) {
    if (!isPruned(context, network, filters, until)) continue;
    if (await removed(() => manager.commands.removeNetwork(network.id))) gone.push(network.spec.name);
  }
  // Ours have no container on an engine for a moment before the first one is there.
  const asked = Object.fromEntries([...filters].filter(([name]) => name !== 'node'));
  const passed = { ...asked, 'label!': [...(filters.get('label!') ?? []), networkLabel] };
  const { answers, missing } = await askEngines(
    manager,
    { method: 'POST', path: `/networks/prune?filters=${encodeURIComponent(JSON.stringify(passed))}` },
    async (response) => (await readAnswerJson(response)) as { readonly NetworksDeleted?: readonly string[] | null },
    { clock, signal: request.signal, nodes: namedNodes(manager, filters) },
  );
  const others = answers.flatMap(({ nodeName, value }) =>
    (value.NetworksDeleted ?? []).map((name) => `${nodeName}/${name}`),
  );
  return { ...json({ NetworksDeleted: [...gone, ...others] }), headers: missingHeaders(missing) };
};

const isPruned = (
  { manager }: DockerContext,
  network: Network,
  filters: Filters,
  until: number | undefined,
): boolean => {
  const { spec, createdAt } = network;
  if (spec.driver !== 'overlay' || spec.ingress === true) return false;
  if (until !== undefined && createdAt > until) return false;
  const unwanted = (filters.get('label!') ?? []).some((one) =>
    labelled(new Map([['label', [one]]]), 'label', spec.labels),
  );
  return !unwanted && labelled(filters, 'label', spec.labels) && !isUsed(manager, network);
};

/** False where something has come onto it meanwhile. */
const removed = async (remove: () => Promise<void>): Promise<boolean> => {
  try {
    await remove();
    return true;
  } catch (thrown) {
    const { code } = TuttiError.from(thrown);
    if (code === 'in-use' || code === 'not-found' || code === 'permission-denied') return false;
    throw thrown;
  }
};

const readUntil = (filters: Filters, now: number): number | undefined => {
  const values = filters.get('until');
  if (values === undefined) return undefined;
  const [value = '', ...more] = values;
  const moment = momentBefore(value, now);
  if (more.length > 0 || moment === undefined) {
    throw new TuttiError('invalid-argument', `invalid until filter '${values.join(',')}'`);
  }
  return moment;
};
