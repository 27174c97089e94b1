import { normalArchitecture } from '../../core/schedule/attribute.ts';
import { TuttiError } from '../../model/errors.ts';
import { normalImage, parseImageReference } from '../../model/image-reference.ts';
import { nodeName } from '../../model/node.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { engineMessage, readAnswer } from '../engines/ask.ts';
import type { Engines, Ensured, Images, Inventory, Queries } from '../manager.ts';
import { createGate } from './gate.ts';
import { current, findImage, imagePath } from './holders.ts';
import type { Holder } from './holders.ts';
import { createOrigin } from './origin.ts';
import { createShared } from './shared.ts';
import { transfer } from './transfer.ts';

export interface ImagesOptions {
  readonly engines: Engines;
  readonly queries: Queries;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly log: Log;
}

/** Images under way at once: each takes a few megabytes here, and a share of the network. */
const transfersAtOnce = 8;

/** Images of the cluster, and how they get to where they are needed. It keeps nothing: the engines know what they have. */
export const createImages = (options: ImagesOptions): Images => {
  const { queries, clock } = options;
  const shared = createShared<Ensured, number>();
  const gate = createGate(transfersAtOnce);
  const busy = new Map<string, number>();

  const bring = async (target: Target, holders: readonly Holder[], signal: AbortSignal, tell: (n: number) => void) =>
    await gate(signal, async () => await fromAnyOf({ ...options, busy }, target, holders, signal, tell));

  const ensure: Images['ensure'] = async (nodeId, reference, { signal, onBytes }) => {
    const image = await meant(options, reference, signal);
    const work = async (own: AbortSignal, tell: (total: number) => void): Promise<Ensured> => {
      const target = { nodeId, image, record: queries.node(nodeId) };
      const there = await undisputed(options, target, own);
      if (there !== undefined) return { kind: 'present', id: there };
      const found = await findImage(options, image, { clock, signal: own });
      const fitting = current(found.holders.filter((holder) => holder.nodeId === nodeId || fits(holder, target)));
      const here = fitting.find((holder) => holder.nodeId === nodeId);
      if (here !== undefined) return { kind: 'present', id: here.image.Id };
      const [first] = fitting;
      if (first === undefined) return { kind: 'nowhere', missing: found.missing.map(({ nodeName: name }) => name) };
      const id = first.image.Id;
      if (await nameIt(options, target, id, own)) return { kind: 'named', id };
      const from = await bring(target, fitting, own, tell);
      return { kind: 'travelled', id, from };
    };
    return await shared(`${nodeId} ${image}`, signal, work, onBytes);
  };

  return {
    ensure,
    origin: createOrigin(options, clock),
    follow: async (nodeId, reference, { signal, atOnce = false }) => {
      const image = normalImage(reference);
      const { holders } = await findImage(options, image, { clock, signal });
      const source = holders.find((holder) => holder.nodeId === nodeId);
      if (source === undefined) return [];
      // Of another architecture it is another image by right.
      const stale = holders.filter(
        (holder) => holder.image.Id !== source.image.Id && fits(source, { nodeId, image, record: holder.record }),
      );
      const update = async ({ nodeId: id, nodeName: name, record }: Holder): Promise<string | undefined> => {
        const target = { nodeId: id, image, record };
        try {
          if (await nameIt(options, target, source.image.Id, signal)) return undefined;
          if (atOnce) await takeName(options, target, signal);
          await bring(target, [source], signal, () => undefined);
          return undefined;
        } catch (thrown) {
          signal.throwIfAborted();
          return `${name}: ${TuttiError.from(thrown).message}`;
        }
      };
      const failures = await Promise.all(stale.map(update));
      return failures.filter((failure) => failure !== undefined);
    },
  };
};

const beginningOfId = /^(?:sha256:)?([0-9a-f]{1,63})$/;

/** The one spelling of a name, or the whole id that the text is the beginning of. An engine takes it for a name first. */
const meant = async (options: ImagesOptions, reference: string, signal: AbortSignal): Promise<string> => {
  const [, digits] = beginningOfId.exec(reference) ?? [];
  const name = normalImage(reference);
  if (digits === undefined) return name;
  const { holders } = await findImage(options, reference, { clock: options.clock, signal });
  const isNamed = holders.some(({ image }) => image.RepoTags?.includes(name) === true);
  const [id, ...others] = new Set(holders.map(({ image }) => image.Id));
  return isNamed || id === undefined || others.length > 0 || !id.startsWith(`sha256:${digits}`) ? name : id;
};

interface Target {
  readonly nodeId: string;
  /** In its one spelling. */
  readonly image: string;
  readonly record: ReturnType<Queries['node']>;
}

/** An image of another architecture is of no use there: a registry may have the right one. */
const fits = ({ image }: Holder, { record }: Target): boolean => {
  const own = record.node.description?.platform.architecture ?? '';
  const made = image.Architecture ?? '';
  return own === '' || made === '' || normalArchitecture(own) === normalArchitecture(made);
};

/**
 * The id of an image that the node has, where no other node is known to mean another one by the name: so most are found,
 * by asking one engine.
 */
const undisputed = async (
  options: ImagesOptions,
  { image, record }: Target,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { queries, inventory, clock } = options;
  const ready = queries.nodes().filter(({ status }) => status.state === 'ready');
  if (!ready.every(({ node }) => inventory.listed(node.id))) return undefined;
  const { holders } = await findImage(options, image, { clock, signal, nodes: [record] });
  const id = holders[0]?.image.Id;
  const otherwise = (own: ReturnType<Inventory['images']>[number]): boolean =>
    own.Id !== id && (own.RepoTags ?? []).includes(image);
  return ready.some(({ node }) => inventory.images(node.id).some(otherwise)) ? undefined : id;
};

/** Names the image on a node that has it under another name. False where it has not got it. */
const nameIt = async (
  { engines }: Pick<ImagesOptions, 'engines'>,
  { nodeId, image }: Target,
  id: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const reference = parseImageReference(image);
  // A digest cannot be given: only registries do. Its holders are asked for the id then.
  const named = reference.kind === 'name' && reference.digest === undefined;
  const query = named ? new URLSearchParams({ repo: reference.repository, tag: reference.tag ?? 'latest' }) : undefined;
  const request =
    query === undefined
      ? { method: 'GET', path: `${imagePath(id)}/json` }
      : { method: 'POST', path: `${imagePath(id)}/tag?${query.toString()}` };
  const answer = await engines.request(nodeId, request, signal);
  const text = await readAnswer(answer);
  if (answer.status < 300) return true;
  if (answer.status === 404) return false;
  throw new TuttiError('internal', engineMessage(text) ?? `the engine answered ${answer.status}`);
};

/** Takes the name from whatever image it means on the node; one that nothing else needs goes with it. */
const takeName = async (
  { engines }: Pick<ImagesOptions, 'engines'>,
  { nodeId, image }: Target,
  signal: AbortSignal,
): Promise<void> => {
  const path = `${imagePath(image)}?force=1&noprune=1`;
  await readAnswer(await engines.request(nodeId, { method: 'DELETE', path }, signal));
};

/** Tries the holders one after the other, the least busy first. Gives the id of the node that it came from. */
const fromAnyOf = async (
  options: ImagesOptions & { readonly busy: Map<string, number> },
  target: Target,
  holders: readonly Holder[],
  signal: AbortSignal,
  tell: (total: number) => void,
): Promise<string> => {
  const { engines, queries, clock, log, busy } = options;
  const isReady = (id: string): boolean =>
    queries.nodes().some(({ node, status }) => node.id === id && status.state === 'ready');
  const reasons: string[] = [];
  const reference = parseImageReference(target.image);
  const byName = reference.kind === 'name' && reference.digest === undefined;
  const load = (id: string): number => busy.get(id) ?? 0;
  for (const { nodeId: from, nodeName: name, image } of holders.toSorted((a, b) => load(a.nodeId) - load(b.nodeId))) {
    if (!isReady(from)) {
      reasons.push(`${name} is gone`);
      continue;
    }
    busy.set(from, load(from) + 1);
    const fields = { image: target.image, from, to: target.nodeId };
    log.info('an image travels', fields);
    try {
      const result = await transfer(
        {
          engines,
          clock,
          from,
          to: target.nodeId,
          reference: byName ? target.image : image.Id,
          alive: () => isReady(from) && isReady(target.nodeId),
          onBytes: tell,
        },
        signal,
      );
      if (result.kind === 'done') {
        log.info('an image has arrived', fields);
        return from;
      }
      log.warn('an image did not arrive', { ...fields, error: result.reason });
      if (result.kind === 'target-failed') throw refused(target, result.reason);
      reasons.push(`${name}: ${result.reason}`);
    } finally {
      busy.set(from, load(from) - 1);
    }
  }
  throw refused(target, reasons.join('; '));
};

const refused = ({ image, record }: Target, reason: string): TuttiError =>
  new TuttiError('unavailable', `image ${image} did not get to node ${nodeName(record.node)}: ${reason}`);
