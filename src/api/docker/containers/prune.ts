import { askEngines, engineMessage, readAnswer } from '../../../manager/engines/ask.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { readFilters } from '../filters.ts';
import { missingHeaders } from '../missing.ts';
import { namedNodes } from '../nodes.ts';
import { filtersText } from './list-query.ts';
import { asSpoken } from '../version.ts';

/** Removing many containers takes an engine long. */
const deadlineMs = 120_000;

interface Pruned {
  readonly ContainersDeleted: readonly string[];
  readonly SpaceReclaimed: number;
}

/** Removes the stopped containers of every node. */
export const pruneContainers = async ({ manager, clock }: DockerContext, request: ApiRequest): Promise<Reply> => {
  const filters = readFilters(request, ['label', 'label!', 'node', 'until']);
  const nodes = namedNodes(manager, filters);
  const text = filtersText(filters, ['node']);
  const path = `/containers/prune${text === undefined ? '' : `?filters=${encodeURIComponent(text)}`}`;
  const { version, signal } = request;
  const asked = await askEngines(manager, { method: 'POST', path, ...asSpoken({ version }) }, readPruned, {
    clock,
    signal,
    nodes,
    deadlineMs,
  });
  const refused = asked.answers.flatMap(({ value }) => (value instanceof TuttiError ? [value] : []))[0];
  if (refused !== undefined) throw refused;
  const pruned = asked.answers.flatMap(({ nodeId, value }) => (value instanceof TuttiError ? [] : [{ nodeId, value }]));
  await Promise.all(
    pruned.map(({ nodeId, value }) =>
      manager.inventory.refresh(nodeId, value.ContainersDeleted, signal).catch(() => undefined),
    ),
  );
  for (const { value } of pruned) for (const id of value.ContainersDeleted) await manager.containers.removed(id);
  const body: Pruned = {
    ContainersDeleted: pruned.flatMap(({ value }) => value.ContainersDeleted),
    SpaceReclaimed: pruned.reduce((sum, { value }) => sum + value.SpaceReclaimed, 0),
  };
  return { kind: 'json', status: 200, body, headers: missingHeaders(asked.missing) };
};

/** A refusal of the request itself, which all engines would give, is a value. */
const readPruned = async (response: NodeResponse): Promise<Pruned | TuttiError> => {
  const text = await readAnswer(response);
  if (response.status === 400) return new TuttiError('invalid-argument', engineMessage(text) ?? text);
  if (response.status !== 200)
    throw new TuttiError('unavailable', engineMessage(text) ?? `answered ${response.status}`);
  const { ContainersDeleted, SpaceReclaimed } = JSON.parse(text) as Partial<Record<keyof Pruned, never>>;
  return { ContainersDeleted: ContainersDeleted ?? [], SpaceReclaimed: SpaceReclaimed ?? 0 };
};
