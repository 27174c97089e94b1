import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import { readAnswer } from '../engines/ask.ts';
import type { Engines, Images } from '../manager.ts';

export interface FollowNodeOptions {
  readonly engines: Engines;
  readonly images: Pick<Images, 'follow'>;
  readonly clock: Clock;
  readonly log: Log;
}

const listed = z.array(z.looseObject({ Id: z.string(), RepoTags: z.array(z.string()).nullish() }));

/** The image that each name means. */
const namesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    listed
      .parse(JSON.parse(text))
      .flatMap(({ Id, RepoTags }) => (RepoTags ?? []).map((name) => [name, Id] as const))
      .filter(([name]) => name !== '<none>:<none>'),
  );

const everyMs = 1_000;
const listMs = 10_000;

/**
 * While a client speaks with a node's BuildKit by itself nobody else hears which names it gives, nor does every engine tell.
 * So the node's names are compared again and again until `over`, and once more then; where one means another image, the
 * other nodes follow. Ends with `signal`, and never rejects.
 */
export const followNode = async (
  { engines, images, clock, log }: FollowNodeOptions,
  nodeId: string,
  over: AbortSignal,
  signal: AbortSignal,
): Promise<void> => {
  const list = async (): Promise<ReadonlyMap<string, string>> => {
    using limit = withDeadline(clock, listMs, 'a list of images', signal);
    const answer = await engines.request(nodeId, { method: 'GET', path: '/images/json' }, limit.signal);
    return namesOf(await readAnswer(answer));
  };
  const compare = async (before: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> => {
    const after = await list();
    for (const [name, id] of after) {
      if (before.get(name) === id) continue;
      const failures = await images.follow(nodeId, name, { signal, atOnce: true });
      for (const failure of failures) log.warn('a name does not follow', { image: name, node: nodeId, error: failure });
    }
    return after;
  };
  try {
    let known = await list();
    while (!over.aborted) {
      await clock.sleep(everyMs, AbortSignal.any([over, signal])).catch(() => undefined);
      signal.throwIfAborted();
      known = await compare(known);
    }
  } catch (thrown) {
    if (!signal.aborted) log.warn('names are not followed', { node: nodeId, error: TuttiError.from(thrown).message });
  }
};
