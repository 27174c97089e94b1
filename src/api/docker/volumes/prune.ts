import { onNodes, readAnswer, readAnswerJson } from '../../../manager/engines/ask.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import { compareApi } from '../../../model/api-version.ts';
import type { Volume } from '../../../model/volume.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import type { Filters } from '../filters.ts';
import { labelled, readFilters } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import { namedNodes } from '../nodes.ts';
import { apiVersion } from '../version.ts';
import { anonymousLabel } from './create.ts';
import { volumesIn } from './locate.ts';

/** From here on `prune` takes anonymous volumes only, unless it is told `all`. */
const anonymousOnlySince = '1.42';
/** Counting what a volume takes is reading it whole. */
const deadlineMs = 120_000;

interface Pruned {
  readonly VolumesDeleted: readonly string[];
  readonly SpaceReclaimed: number;
}

/**
 * `POST /volumes/prune` over all nodes, or those of a `node` filter. What is pruned follows the version that the client speaks, whatever the engines
 * speak: an older engine, asked as it is, would remove named volumes too.
 */
export const pruneVolumes = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager, clock } = context;
  const filters = readFilters(request, ['all', 'label', 'label!', 'node']);
  const version = request.version ?? apiVersion;
  const everything =
    compareApi(version, anonymousOnlySince) < 0 ||
    (filters.get('all') ?? []).some((value) => ['true', '1'].includes(value));
  const promised = filters.has('node') ? [] : await prunePromised(context, filters, everything);
  const { answers, missing } = await onNodes(
    manager,
    async (record, signal) =>
      isOld(record) && !everything
        ? await pruneAnonymous(context, record, filters, signal)
        : await pruneWhole(context, record, { filters, everything, version }, signal),
    { clock, signal: request.signal, deadlineMs, nodes: namedNodes(manager, filters) },
  );
  for (const { nodeId, value } of answers) {
    for (const name of value.VolumesDeleted) await manager.volumes.forget(name, nodeId);
  }
  const body: Pruned = {
    VolumesDeleted: [...promised, ...answers.flatMap(({ value }) => value.VolumesDeleted)],
    SpaceReclaimed: answers.reduce((sum, { value }) => sum + value.SpaceReclaimed, 0),
  };
  return { kind: 'json', status: 200, body, headers: missingHeaders(missing) };
};

const isOld = ({ node }: NodeRecord): boolean =>
  compareApi(node.description?.engine.apiVersion ?? '1.41', anonymousOnlySince) < 0;

const isAnonymous = (name: string, labels: Readonly<Record<string, string>> | null | undefined): boolean =>
  /^[0-9a-f]{64}$/.test(name) || Object.hasOwn(labels ?? {}, anonymousLabel);

const passes = (filters: Filters, labels: Readonly<Record<string, string>> | null | undefined): boolean => {
  const without = filters.get('label!') ?? [];
  const has = (wanted: string): boolean => labelled(new Map([['label', [wanted]]]), 'label', labels ?? {});
  return labelled(filters, 'label', labels ?? {}) && !without.some(has);
};

const prunePromised = async (
  { manager }: DockerContext,
  filters: Filters,
  everything: boolean,
): Promise<readonly string[]> => {
  const isPruned = ({ nodeId, spec }: Volume): boolean =>
    nodeId === undefined && (everything || isAnonymous(spec.name, spec.labels)) && passes(filters, spec.labels);
  const names = manager.volumes.rows().flatMap((row) => (isPruned(row) ? [row.spec.name] : []));
  for (const name of names) await manager.volumes.forget(name, undefined);
  return names;
};

/** The engine's own prune, with the meaning that the client's version has. */
const pruneWhole = async (
  { manager }: DockerContext,
  record: NodeRecord,
  {
    filters,
    everything,
    version,
  }: { readonly filters: Filters; readonly everything: boolean; readonly version: string },
  signal: AbortSignal,
): Promise<Pruned> => {
  const own = Object.fromEntries([...filters].filter(([name]) => !['all', 'node'].includes(name)));
  const isTold = everything && !isOld(record) && compareApi(version, anonymousOnlySince) >= 0;
  const query = encodeURIComponent(JSON.stringify(isTold ? { ...own, all: ['true'] } : own));
  const request = { method: 'POST', path: `/volumes/prune?filters=${query}`, apiVersion: version };
  const answer = await readAnswerJson(await manager.engines.request(record.node.id, request, signal));
  const { VolumesDeleted, SpaceReclaimed } = answer as {
    VolumesDeleted?: readonly string[] | null;
    SpaceReclaimed?: number;
  };
  return { VolumesDeleted: VolumesDeleted ?? [], SpaceReclaimed: SpaceReclaimed ?? 0 };
};

/** For engines that know only the older meaning: one by one. One that is mounted meanwhile is left. */
const pruneAnonymous = async (
  { manager }: DockerContext,
  { node }: NodeRecord,
  filters: Filters,
  signal: AbortSignal,
): Promise<Pruned> => {
  const ask = async (path: string): Promise<unknown> =>
    await readAnswerJson(await manager.engines.request(node.id, { method: 'GET', path }, signal));
  const dangling = volumesIn(await ask(`/volumes?filters=${encodeURIComponent('{"dangling":["true"]}')}`));
  const wanted = dangling.filter(({ Name, Labels }) => isAnonymous(Name, Labels) && passes(filters, Labels));
  if (wanted.length === 0) return { VolumesDeleted: [], SpaceReclaimed: 0 };
  const sizes = new Map(volumesIn(await ask('/system/df')).map(({ Name, UsageData }) => [Name, UsageData?.Size ?? 0]));
  const deleted: string[] = [];
  for (const { Name } of wanted) {
    const request = { method: 'DELETE', path: `/volumes/${Name}` };
    const response = await manager.engines.request(node.id, request, signal);
    await readAnswer(response);
    if (response.status < 300) deleted.push(Name);
  }
  const size = deleted.reduce((sum, name) => sum + Math.max(0, sizes.get(name) ?? 0), 0);
  return { VolumesDeleted: deleted, SpaceReclaimed: size };
};
