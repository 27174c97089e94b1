import type { EngineAnswer, MissingNode } from '../../../manager/engines/ask.ts';
import { askEngines, readAnswerJson } from '../../../manager/engines/ask.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import type { Volume } from '../../../model/volume.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import type { DockerVolume } from '../convert/volume.ts';
import { promised } from './create.ts';
import { rowTo, volumeTo } from '../convert/volume.ts';
import type { Filters } from '../filters.ts';
import { anyOf, checkChoice, labelled, readFilters } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import { namedNodes } from '../nodes.ts';
import { volumesIn } from './locate.ts';

/** `GET /volumes`: of every engine, and what is promised or out of reach, by name. */
export const listVolumes = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager, clock } = context;
  const filters = readFilters(request, ['dangling', 'driver', 'label', 'name', 'node']);
  checkChoice(filters, 'dangling', ['true', 'false', '1', '0']);
  const nodes = namedNodes(manager, filters);
  const engine = { method: 'GET', path: `/volumes${queryOf(filters)}` };
  const { answers, missing } = await askEngines(manager, engine, readAnswerJson, {
    clock,
    nodes,
    signal: request.signal,
  });
  const there = answers.flatMap(({ record, value }) => volumesIn(value).map((volume) => volumeTo(volume, record.node)));
  if (filters.size === 0) await manager.volumes.compare(namesOf(answers));
  const absent = rowsOutOfReach(context, nodes, missing, filters);
  const found = nameApart([...there, ...absent], manager.volumes.rows());
  const warnings = missing.map(({ nodeName: name, reason }) => `node ${name} is missing here: ${reason}`);
  return { kind: 'json', status: 200, body: { Volumes: found, Warnings: warnings }, headers: missingHeaders(missing) };
};

const namesOf = (answers: readonly EngineAnswer<unknown>[]): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(answers.map(({ nodeId, value }) => [nodeId, new Set(volumesIn(value).map(({ Name }) => Name))]));

/** The engine's own filters. */
const queryOf = (filters: Filters): string => {
  const own = [...filters].filter(([name]) => name !== 'node');
  return own.length === 0 ? '' : `?filters=${encodeURIComponent(JSON.stringify(Object.fromEntries(own)))}`;
};

const rowsOutOfReach = (
  context: DockerContext,
  nodes: readonly NodeRecord[],
  missing: readonly MissingNode[],
  filters: Filters,
): readonly DockerVolume[] => {
  const lost = new Set(missing.map(({ nodeId }) => nodeId));
  return context.manager.volumes.rows().flatMap((row) => {
    const home = nodes.find(({ node }) => node.id === row.nodeId)?.node;
    const isPromised = row.nodeId === undefined && !filters.has('node');
    const isLost = home !== undefined && lost.has(home.id);
    return (isPromised || isLost) && fits(filters, row)
      ? [home === undefined ? promised(context, row) : rowTo(row, home)]
      : [];
  });
};

/** As an engine filters; nothing mounts a volume that is promised, and of a lost one nobody knows. */
export const fits = (filters: Filters, { spec }: Volume): boolean =>
  anyOf(filters, 'dangling', (value) => ['true', '1'].includes(value)) &&
  anyOf(filters, 'driver', (driver) => driver === spec.driver) &&
  anyOf(filters, 'name', (name) => spec.name.includes(name)) &&
  labelled(filters, 'label', spec.labels);

/** A name that several nodes have is the cluster's own row's; the others get their node's in front, so that each can be given back. */
export const nameApart = (volumes: readonly DockerVolume[], rows: readonly Volume[]): readonly DockerVolume[] => {
  const count = new Map<string, number>();
  for (const { Name } of volumes) count.set(Name, (count.get(Name) ?? 0) + 1);
  const home = new Map(rows.map(({ spec, nodeId }) => [spec.name, nodeId as string | undefined]));
  return volumes
    .map((volume) => {
      const isOnly = count.get(volume.Name) === 1;
      const isOwn = home.has(volume.Name) && home.get(volume.Name) === volume.Node?.ID;
      return isOnly || isOwn || volume.Node === undefined
        ? volume
        : { ...volume, Name: `${volume.Node.Name}/${volume.Name}` };
    })
    .toSorted((left, right) => (left.Name < right.Name ? -1 : left.Name > right.Name ? 1 : 0));
};
