import { normalImage } from '../../model/image-reference.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Images, Manager } from '../manager.ts';
import { findImage } from './holders.ts';

/** All nodes that lack an image ask at the same time: every engine is asked once for all of them. */
const knownMs = 2_000;

/** See `Images.origin`. */
export const createOrigin = (manager: Pick<Manager, 'engines' | 'queries'>, clock: Clock): Images['origin'] => {
  const known = new Map<string, ReturnType<Images['origin']>>();
  const ask: Images['origin'] = async (image) => {
    const { holders } = await findImage(manager, image, { clock, signal: new AbortController().signal });
    if (holders.length === 0) return 'nowhere';
    const pulled = holders.every((holder) => (holder.image.RepoDigests ?? []).length > 0);
    return pulled ? 'registry' : 'cluster';
  };
  return async (reference) => {
    const image = normalImage(reference);
    const told = known.get(image);
    if (told !== undefined) return await told;
    const answer = ask(image);
    known.set(image, answer);
    const forget = () => void clock.after(knownMs, () => known.delete(image));
    answer.then(forget, forget);
    return await answer;
  };
};
