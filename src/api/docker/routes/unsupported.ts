import { TuttiError } from '../../../model/errors.ts';
import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';

/** Parts of Docker's API that cannot be over a cluster, each with its reason and what to do instead. */
const refused: readonly (readonly [path: RegExp, reason: string])[] = [
  [
    /^\/plugins\//,
    'plugins are programs on one machine: install them on each node, with "docker plugin" against its own engine',
  ],
  [
    /^\/containers\/[^/]+\/checkpoints(?:\/|$)/,
    "checkpoints stay on one machine and no engine restores them elsewhere: ask the engine of the container's node, where it is experimental",
  ],
];

/** The answer where no route fits: 501 with the reason for what Docker has and Tutti does not, else 404 as Docker's. */
export const unsupported = (path: string): Reply => {
  // "docker inspect" looks for a plugin last of all: there is none of that name.
  const plugin = /^\/plugins\/(.+)\/json$/.exec(path)?.[1];
  if (plugin !== undefined) return json({ message: `plugin "${plugin}" not found` }, 404);
  const reason = refused.find(([pattern]) => pattern.test(path))?.[1];
  if (reason !== undefined) throw new TuttiError('not-implemented', `tutti does not do this: ${reason}`);
  return json({ message: 'page not found' }, 404);
};
