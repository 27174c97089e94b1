import { createReplies } from '../replies.ts';
import type { Replies } from '../replies.ts';
import type { Sight } from './sight.ts';

/** What clients were answered; those who see the same share it. */
export interface SharedReplies {
  of(sight: Sight): Replies;
  /** Nobody may be given again what was given before. */
  clear(): void;
}

const mostViews = 1_000;
/** Of all clients together. */
const mostReplies = 20_000;

/** @param cleared Called when there were too many views: from now on others are given. */
export function createSharedReplies(cleared: () => void): SharedReplies {
  const views = new Map<string, Replies>();
  let kept = 0;
  const noted = (): void => {
    kept += 1;
    if (kept <= mostReplies) return;
    kept = 0;
    for (const replies of views.values()) replies.clear();
  };
  return {
    of(sight) {
      const key = viewOf(sight);
      const known = views.get(key);
      if (known !== undefined) return known;
      if (views.size >= mostViews) {
        views.clear();
        cleared();
      }
      const made = createReplies(() => sight.networks.reduce((sum, { version }) => sum + version, 0), noted);
      views.set(key, made);
      return made;
    },
    clear: () => views.clear(),
  };
}

const viewOf = ({ networks, mayForward, links }: Sight): string => {
  const named = [...links].map(([alias, made]) => [alias, made.map(({ name, network }) => [name, network.row?.id])]);
  return JSON.stringify([networks.map(({ row }) => row?.id), mayForward, named]);
};
