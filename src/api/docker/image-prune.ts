import { askEngines, engineMessage, readAnswer } from '../../manager/engines/ask.ts';
import type { Reply } from '../http/reply.ts';
import { json } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';
import type { DockerContext } from './context.ts';
import { readFilters } from './filters.ts';
import { targetOf } from './forward.ts';
import { missingHeaders } from './missing.ts';
import { namedNodes } from './nodes.ts';

/** What is deleted is read from a disk that may be busy. */
const deadlineMs = 120_000;

export interface PruneOptions {
  /** Filters besides `node`, which engines know. */
  readonly filters: readonly string[];
  /** One answer of what the engines answered with success, each parsed. */
  readonly merge: (answers: readonly unknown[]) => unknown;
}

/** Prunes on all nodes, or on those that a `node` filter names. A refusal of one is the answer where none succeeds. */
export const pruneEverywhere = async (
  { manager, clock }: DockerContext,
  request: ApiRequest,
  { filters: known, merge }: PruneOptions,
): Promise<Reply> => {
  const filters = readFilters(request, [...known, 'node']);
  const query = new URLSearchParams(request.query);
  const own = [...filters].filter(([name]) => name !== 'node');
  query.delete('filters');
  if (own.length > 0) query.set('filters', JSON.stringify(Object.fromEntries(own)));
  const nodes = namedNodes(manager, filters);
  const { answers, missing } = await askEngines(
    manager,
    { method: 'POST', path: targetOf({ path: request.path, query }) },
    async (response) => ({ status: response.status, text: await readAnswer(response) }),
    { clock, signal: request.signal, nodes, deadlineMs },
  );
  const done = answers.filter(({ value }) => value.status < 300);
  const headers = missingHeaders(missing);
  const refused = answers.find(({ value }) => value.status >= 300)?.value;
  if (done.length === 0 && refused !== undefined) {
    return { ...json({ message: engineMessage(refused.text) ?? refused.text }, refused.status), headers };
  }
  if (done.length === 0 && missing.length > 0) {
    const reasons = missing.map((node) => `${node.nodeName}: ${node.reason}`).join('; ');
    return { ...json({ message: `no node can be asked: ${reasons}` }, 503), headers };
  }
  return { ...json(merge(done.map(({ value }) => JSON.parse(value.text) as unknown))), headers };
};
