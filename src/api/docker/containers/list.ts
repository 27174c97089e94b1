import { engineMessage, onNodes, readAnswer } from '../../../manager/engines/ask.ts';
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
import type { ListCurrent } from './list-current.ts';
import type { ListQuery } from './list-query.ts';
import { filtersText, readListQuery } from './list-query.ts';
import type { ListedText } from './list-text.ts';
import { placedText, splitList } from './list-text.ts';
import { engineNetworksOf, networkMark, withBuiltInIds } from './networks.ts';
import { presentedContainer } from './present.ts';

/** Counting what a container has written takes an engine long. */
const sizeDeadlineMs = 60_000;

/** The containers of all nodes, newest first; those of a node that gives no answer as they were last seen. */
export const listContainers = async (
  { manager, clock }: DockerContext,
  request: ApiRequest,
  listCurrent: ListCurrent,
): Promise<Reply> => {
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
  const ask = async (record: NodeRecord, asking: AbortSignal): Promise<readonly Listed[] | TuttiError> => {
    const one = { method: 'GET', path: pathFor(record), ...(version !== undefined && { apiVersion: version }) };
    return await readList(manager, await manager.engines.request(record.node.id, one, asking), record);
  };
  const { answers, missing } = await onNodes(
    manager,
    async (record, asking) => {
      const current = await listCurrent(query, record, version, asking);
      return current?.map((each) => ({ ...each, nodeId: record.node.id })) ?? (await ask(record, asking));
    },
    { clock, signal, nodes, ...(query.size && { deadlineMs: sizeDeadlineMs }) },
  );
  const refused = answers.flatMap(({ value }) => (value instanceof TuttiError ? [value] : []))[0];
  if (refused !== undefined) throw refused;
  // What was made again elsewhere is listed there; what waits to be removed, nowhere.
  const superseded = manager.containers.superseded();
  const lost = missing.flatMap(({ nodeId }) => {
    const record = nodes.find(({ node }) => node.id === nodeId);
    return record === undefined ? [] : lostOn(manager, query, record);
  });
  const told = answers.flatMap(({ value }) => (value instanceof TuttiError ? [] : value));
  const found = [...told, ...lost].filter(({ id }) => !superseded.has(id));
  const timed = found.map((listed) => ({ ...listed, made: listed.made ?? madeAt(manager, listed) }));
  const sorted = timed
    .filter((each) => inTime(each, moments))
    .toSorted((left, right) => right.made - left.made)
    .map(({ text }) => text);
  const shown = query.limit === undefined ? sorted : sorted.slice(0, query.limit);
  return {
    kind: 'bytes',
    status: 200,
    bytes: Buffer.from(`[${shown.join(',')}]\n`),
    headers: { 'content-type': 'application/json', ...missingHeaders(missing) },
  };
};

interface Listed extends ListedText {
  readonly nodeId: string;
  /** As `madeAt`, where it is known already. */
  readonly made?: number;
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
const madeAt = ({ inventory }: Manager, { nodeId, id, created }: Omit<Listed, 'text'>): number =>
  inventory.get(nodeId, id)?.createdNanos ?? created * 1e9;

/** The list itself is there: it is the filter that names nothing. */
const badFilter = (thrown: unknown): never => {
  const error = TuttiError.from(thrown);
  throw error.code === 'not-found' ? new TuttiError('invalid-argument', error.message, { cause: error }) : error;
};

const momentsOf = async (manager: Manager, { filters }: ListQuery, signal: AbortSignal): Promise<readonly Moment[]> => {
  const { inventory } = manager;
  const found: Moment[] = [];
  for (const kind of ['before', 'since'] as const) {
    for (const reference of filters.get(kind) ?? []) {
      const { nodeId, id, summary } = await inventory.find(reference, signal).catch(badFilter);
      found.push({ kind, nodeId, id, made: madeAt(manager, { nodeId, id, created: summary.Created ?? 0 }) });
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
  if (response.status >= 400 && response.status < 500) {
    return new TuttiError('invalid-argument', engineMessage(text) ?? `the engine answered ${response.status}`);
  }
  if (response.status !== 200) throw new TuttiError('unavailable', `the engine answered ${response.status}`);
  const split = splitList(text);
  if (split === undefined) {
    return (JSON.parse(text) as readonly Summary[]).map((summary) => listedOf(manager, summary, node));
  }
  return split.map((each) => {
    const placed = each.text.includes(networkMark)
      ? undefined
      : placedText(withBuiltInIds(manager, each.text), { id: node.id, name: nodeName(node) });
    return placed === undefined
      ? listedOf(manager, JSON.parse(each.text) as Summary, node)
      : { ...each, nodeId: node.id, text: placed };
  });
};

const listedOf = (manager: Manager, summary: Summary, node: Node): Listed => ({
  nodeId: node.id,
  id: summary.Id ?? '',
  created: summary.Created ?? 0,
  text: withBuiltInIds(manager, JSON.stringify(presentedContainer(manager, summary, node))),
});

const lostOn = (manager: Manager, query: ListQuery, { node, status }: NodeRecord): readonly Listed[] => {
  const state = status.state === 'ready' ? 'Host Not Answering' : 'Host Down';
  const summaries = manager.inventory.of(node.id).map(({ summary }) => presentedContainer(manager, summary, node));
  return lastSeen(summaries, query, state).map((summary) => ({
    nodeId: node.id,
    id: summary.Id ?? '',
    created: summary.Created ?? 0,
    text: withBuiltInIds(manager, JSON.stringify(summary)),
  }));
};
