import { askEngines, readAnswer } from '../../../manager/engines/ask.ts';
import type { Manager, NodeRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Node } from '../../../model/node.ts';
import { nodeName } from '../../../model/node.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { anyOf } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import type { Summary } from './last-seen.ts';
import { lastSeen } from './last-seen.ts';
import type { ListQuery } from './list-query.ts';
import { filtersText, readListQuery } from './list-query.ts';
import { clusterNetworkOf, engineNetworksOf, networkMark, withClusterNetworks } from './networks.ts';

/** Counting what a container has written takes an engine long. */
const sizeDeadlineMs = 60_000;

/** The containers of all nodes, newest first; those of a node that gives no answer as they were last seen. */
export const listContainers = async ({ manager, clock }: DockerContext, request: ApiRequest): Promise<Reply> => {
  const query = readListQuery(request);
  const { signal, version } = request;
  const nodes = manager.queries
    .nodes()
    .filter(({ node }) => anyOf(query.filters, 'node', (wanted) => wanted === node.id || wanted === nodeName(node)));
  const moments = await momentsOf(manager, query, signal);
  const pathFor = ({ node }: NodeRecord) =>
    enginePath(
      manager,
      query,
      moments.filter(({ nodeId }) => nodeId === node.id),
      moments.length > 0,
    );
  const { answers, missing } = await askEngines(
    manager,
    (record) => ({ method: 'GET', path: pathFor(record), ...(version !== undefined && { apiVersion: version }) }),
    async (response, record) => await readList(manager, response, record),
    { clock, signal, nodes, ...(query.size && { deadlineMs: sizeDeadlineMs }) },
  );
  const refused = answers.flatMap(({ value }) => (value instanceof TuttiError ? [value] : []))[0];
  if (refused !== undefined) throw refused;
  // What was made again elsewhere is listed there.
  const superseded = missing.length === 0 ? new Set<string>() : manager.containers.superseded();
  const lost = missing
    .flatMap(({ nodeId }) => {
      const record = nodes.find(({ node }) => node.id === nodeId);
      return record === undefined ? [] : lostOn(manager, query, record);
    })
    .filter(({ summary }) => !superseded.has(summary.Id ?? ''));
  const found = [...answers.flatMap(({ value }) => (value instanceof TuttiError ? [] : value)), ...lost];
  const timed = found.map((listed) => ({ ...listed, made: madeAt(manager, listed) }));
  const sorted = timed
    .filter((each) => inTime(each, moments))
    .toSorted((left, right) => right.made - left.made)
    .map(({ summary }) => summary);
  return {
    kind: 'json',
    status: 200,
    body: query.limit === undefined ? sorted : sorted.slice(0, query.limit),
    headers: missingHeaders(missing),
  };
};

interface Listed {
  readonly nodeId: string;
  readonly summary: Summary;
}

/** `before` or `since` a container, which only its own engine knows exactly. */
interface Moment {
  readonly kind: 'before' | 'since';
  readonly nodeId: string;
  readonly id: string;
  /** As `madeAt`. */
  readonly made: number;
}

/**
 * When a container was made, in nanoseconds since the epoch: a list has whole seconds, and in one second an engine's own
 * order says more.
 */
const madeAt = ({ inventory }: Manager, { nodeId, summary }: Listed): number =>
  inventory.get(nodeId, summary.Id ?? '')?.createdNanos ?? (summary.Created ?? 0) * 1e9;

const momentsOf = async (manager: Manager, { filters }: ListQuery, signal: AbortSignal): Promise<readonly Moment[]> => {
  const { inventory } = manager;
  const found: Moment[] = [];
  for (const kind of ['before', 'since'] as const) {
    for (const reference of filters.get(kind) ?? []) {
      const { nodeId, id, summary } = await inventory.find(reference, signal);
      found.push({ kind, nodeId, id, made: madeAt(manager, { nodeId, summary }) });
    }
  }
  return found;
};

const inTime = ({ nodeId, made }: Listed & { readonly made: number }, moments: readonly Moment[]): boolean =>
  moments.every(
    (moment) => moment.nodeId === nodeId || (moment.kind === 'before' ? made < moment.made : made > moment.made),
  );

const enginePath = (manager: Manager, query: ListQuery, own: readonly Moment[], timed: boolean): string => {
  const networks = query.filters.get('network')?.flatMap((wanted) => engineNetworksOf(manager, wanted));
  const filters = new Map([
    ...[...query.filters].filter(([name]) => !['node', 'before', 'since'].includes(name)),
    ...(networks === undefined ? [] : [['network', networks] as const]),
    ...own.map(({ kind, id }) => [kind, [id]] as const),
  ]);
  const text = filtersText(filters);
  const parameters = new URLSearchParams({
    ...((query.all || (timed && query.limit !== undefined)) && { all: '1' }),
    // What is cut by time here must not be cut by number there.
    ...(query.limit !== undefined && !timed && { limit: String(query.limit) }),
    ...(query.size && { size: '1' }),
    ...(text !== undefined && { filters: text }),
  });
  return parameters.size === 0 ? '/containers/json' : `/containers/json?${parameters.toString()}`;
};

/** What an engine lists; its refusal of the query, which all engines would give. */
const readList = async (
  manager: Manager,
  response: NodeResponse,
  { node }: NodeRecord,
): Promise<readonly Listed[] | TuttiError> => {
  const text = await readAnswer(response);
  const body: unknown = JSON.parse(text);
  if (response.status >= 400 && response.status < 500) {
    return new TuttiError('invalid-argument', String((body as { readonly message?: unknown }).message));
  }
  if (response.status !== 200 || !Array.isArray(body)) {
    throw new TuttiError('unavailable', `the engine answered ${response.status}`);
  }
  const mapped = text.includes(networkMark);
  return (body as readonly Summary[]).map((summary) => ({
    nodeId: node.id,
    summary: presented(manager, summary, node.id, nodeName(node), mapped),
  }));
};

/** A summary of an engine's container, as the cluster shows it. */
export const presentedContainer = (manager: Manager, summary: Summary, node: Node): Summary =>
  presented(manager, summary, node.id, nodeName(node), true);

const presented = (manager: Manager, summary: Summary, id: string, name: string, mapped: boolean): Summary => {
  const named = mapped
    ? (withClusterNetworks(
        summary as Readonly<Record<string, unknown>>,
        (network) => clusterNetworkOf(manager, network),
        manager.containers.row(summary.Id ?? ''),
      ) as Summary)
    : summary;
  const { Names = [] } = summary;
  const own = Names.filter((each) => each.lastIndexOf('/') === 0).map((each) => `/${name}${each}`);
  const placed = { Names: [...Names, ...own], Node: { ID: id, Name: name } };
  return { ...named, ...placed };
};

const lostOn = (manager: Manager, query: ListQuery, { node, status }: NodeRecord): readonly Listed[] => {
  const state = status.state === 'ready' ? 'Host Not Answering' : 'Host Down';
  const summaries = manager.inventory
    .of(node.id)
    .map(({ summary }) => presented(manager, summary, node.id, nodeName(node), true));
  return lastSeen(summaries, query, state).map((summary) => ({ nodeId: node.id, summary }));
};
