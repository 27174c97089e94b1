import * as z from 'zod';
import { askEngines, engineMessage, readAnswer } from '../../../manager/engines/ask.ts';
import { findImage, imagePath } from '../../../manager/images/holders.ts';
import type { Holder } from '../../../manager/images/holders.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';
import { targetOf } from '../forward.ts';
import { refusedByOne } from '../image-refusal.ts';
import { missingHeaders } from '../missing.ts';

const removed = z.array(z.looseObject({}));
type Outcome = { readonly status: number; readonly text: string };

/** Layers are deleted one by one, on a busy disk too. */
const deadlineMs = 120_000;

/**
 * Removes an image from every node that has it. A node that may refuse is asked before the others: as on one engine, a
 * refusal leaves everything as it was.
 */
export const removeImage = async (context: DockerContext, request: ApiRequest, name: string): Promise<Reply> => {
  const { manager, clock } = context;
  const { signal } = request;
  const found = await findImage(manager, name, { clock, signal });
  const holders = likelyRefusalFirst(context, found.holders);
  const [first] = holders;
  if (first === undefined) return await refusedByOne(context, request, found);
  const ask = async (nodes: readonly Holder[]) =>
    await askEngines<Outcome>(
      manager,
      { method: 'DELETE', path: targetOf({ path: imagePath(name), query: request.query }) },
      async (response) => ({ status: response.status, text: await readAnswer(response) }),
      { clock, signal, deadlineMs, nodes: nodes.map(({ record }) => record) },
    );
  const risky = holders.findLastIndex((holder) => risk(context, holder) > 0) + 1;
  const answers: { readonly nodeName: string; readonly value: Outcome }[] = [];
  const missing = [...found.missing];
  for (const [at, holder] of holders.entries()) {
    const nodes = at < Math.max(1, risky) ? [holder] : holders.slice(at);
    const asked = await ask(nodes);
    missing.push(...asked.missing);
    answers.push(...asked.answers);
    const refused = asked.answers.find(({ value }) => value.status >= 300 && value.status !== 404);
    if (refused !== undefined) return json({ message: messageOf(refused.value) }, refused.value.status);
    if (nodes.length > 1) break;
  }
  const items = answers.flatMap(({ value }) => (value.status < 300 ? removed.parse(JSON.parse(value.text)) : []));
  const once = new Map(items.map((item) => [JSON.stringify(item), item]));
  return { ...json([...once.values()]), headers: missingHeaders(missing) };
};

const messageOf = ({ status, text }: Outcome): string => engineMessage(text) ?? `the engine answered ${status}`;

/** How likely an engine refuses: containers use the image there. */
const risk = ({ manager }: DockerContext, { nodeId, image }: Holder): number =>
  manager.inventory.of(nodeId).filter(({ summary }) => summary.ImageID === image.Id).length;

const likelyRefusalFirst = (context: DockerContext, holders: readonly Holder[]): readonly Holder[] =>
  holders.toSorted(
    (a, b) => risk(context, b) - risk(context, a) || (b.image.RepoTags?.length ?? 0) - (a.image.RepoTags?.length ?? 0),
  );
