import { TuttiError } from '../../model/errors.ts';
import { normalImage } from '../../model/image-reference.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import { imageRequest } from '../../rpc/calls.ts';
import type { Calls, ImageAnswer } from '../../rpc/calls.ts';
import type { Ensured, Images } from '../manager.ts';

export interface ImageCallOptions {
  readonly images: Images;
  readonly clock: Clock;
}

/** An answer comes within this, with how far it is; a call has ten seconds. */
const answerMs = 4_000;
/** A node that does not ask again within this does not want it any more. */
const lingerMs = 30_000;

interface Journey {
  readonly ended: Promise<Ensured>;
  readonly stop: AbortController;
  readonly progress: { bytes: number };
  linger: Timer;
}

/** What nodes ask about images that their tasks need. */
export const createImageCalls = ({ images, clock }: ImageCallOptions): Calls => {
  const journeys = new Map<string, Journey>();

  const begin = (key: string, nodeId: string, image: string): Journey => {
    const stop = new AbortController();
    const progress = { bytes: 0 };
    const onBytes = (total: number) => void (progress.bytes = total);
    const ended = images.ensure(nodeId, image, { signal: stop.signal, onBytes });
    const linger = clock.after(lingerMs, () => undefined);
    const journey: Journey = { ended, stop, progress, linger };
    journeys.set(key, journey);
    ended.catch(() => undefined);
    return journey;
  };
  const end = (key: string, journey: Journey): void => {
    journey.linger.cancel();
    if (journeys.get(key) === journey) journeys.delete(key);
  };

  const follow = async (nodeId: string, image: string): Promise<ImageAnswer> => {
    const key = `${nodeId} ${image}`;
    const journey = journeys.get(key) ?? begin(key, nodeId, image);
    journey.linger.cancel();
    journey.linger = clock.after(lingerMs, () => {
      journey.stop.abort(new TuttiError('cancelled', 'the node does not want the image any more'));
      end(key, journey);
    });
    const enough = Promise.withResolvers<undefined>();
    const timer = clock.after(answerMs, () => enough.resolve(undefined));
    try {
      const ensured = await Promise.race([journey.ended, enough.promise]);
      if (ensured === undefined) return { kind: 'coming', bytes: journey.progress.bytes };
      end(key, journey);
      return ensured.kind === 'nowhere' ? { kind: 'nowhere' } : { kind: 'here', id: ensured.id };
    } catch (thrown) {
      end(key, journey);
      throw thrown;
    } finally {
      timer.cancel();
    }
  };

  return {
    image: {
      access: 'node',
      handle: async (body, { peer }) => {
        const parsed = imageRequest.safeParse(body);
        if (!parsed.success) throw new TuttiError('invalid-argument', 'the request for an image is not valid');
        if (peer === undefined) throw new TuttiError('unauthenticated', 'only nodes may ask for images');
        const { pullFailed } = parsed.data;
        const image = normalImage(parsed.data.image);
        if (!journeys.has(`${peer.nodeId} ${image}`)) {
          const origin = await images.origin(image);
          if (origin === 'nowhere') return { kind: 'nowhere' };
          if (origin === 'registry' && !pullFailed) return { kind: 'pull' };
        }
        return await follow(peer.nodeId, image);
      },
    },
  };
};
