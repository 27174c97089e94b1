import * as z from 'zod';
import { askEngines, engineMessage, readAnswer } from '../../../manager/engines/ask.ts';
import { findImage, imagePath } from '../../../manager/images/holders.ts';
import type { Holder } from '../../../manager/images/holders.ts';
import { removalOrder } from '../../../manager/images/removal.ts';
import type { RemovalPlace } from '../../../manager/images/removal.ts';
import { TuttiError } from '../../../model/errors.ts';
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
  if (name.trim() === '') throw new TuttiError('invalid-argument', 'image name cannot be blank');
  const found = await findImage(manager, name, { clock, signal });
  if (found.holders.length === 0) return await refusedByOne(context, request, found);
  const ask = async (nodes: readonly Holder[]) =>
    await askEngines<Outcome>(
      manager,
      { method: 'DELETE', path: targetOf({ path: imagePath(name), query: request.query }) },
      async (response) => ({ status: response.status, text: await readAnswer(response) }),
      { clock, signal, deadlineMs, nodes: nodes.map(({ record }) => record) },
    );
  const answers: { readonly nodeName: string; readonly value: Outcome }[] = [];
  const missing = [...found.missing];
  for (const holders of removalOrder(found.holders.map((holder) => placeOf(context, holder)))) {
    const asked = await ask(holders);
    missing.push(...asked.missing);
    answers.push(...asked.answers);
    const refused = asked.answers.find(({ value }) => value.status >= 300 && value.status !== 404);
    if (refused !== undefined) return json({ message: messageOf(refused.value) }, refused.value.status);
  }
  const items = answers.flatMap(({ value }) => (value.status < 300 ? removed.parse(JSON.parse(value.text)) : []));
  const once = new Map(items.map((item) => [JSON.stringify(item), item]));
  return { ...json([...once.values()]), headers: missingHeaders(missing) };
};

const messageOf = ({ status, text }: Outcome): string => engineMessage(text) ?? `the engine answered ${status}`;

const placeOf = ({ manager }: DockerContext, holder: Holder): Holder & RemovalPlace => {
  const users = manager.inventory.of(holder.nodeId).filter(({ summary }) => summary.ImageID === holder.image.Id);
  const running = users.filter(({ summary }) => ['running', 'paused', 'restarting'].includes(summary.State ?? ''));
  return {
    ...holder,
    running: running.length,
    stopped: users.length - running.length,
    names: holder.image.RepoTags?.length ?? 0,
  };
};
