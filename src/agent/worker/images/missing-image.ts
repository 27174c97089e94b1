import { TuttiError } from '../../../model/errors.ts';

const loaded = 'or load it on the nodes with "docker load"';

const remedies: readonly (readonly [sign: RegExp, remedy: string])[] = [
  [/no space left|disk quota/i, "this node's disk is full; make room there"],
  [
    /no matching manifest|no match for platform/i,
    'it was built for other platforms than this node; build it for this one',
  ],
  [/toomanyrequests|rate limit/i, `the registry gives no more for now; wait, log in to it, ${loaded}`],
  [
    /unauthorized|denied|authentication required|no basic auth/i,
    'the registry does not give it; check the name, or "docker login" where you deploy and deploy again',
  ],
  [/manifest unknown|not found|does not exist/i, 'the registry does not have it; push it, or correct the name'],
  [
    /time-?out|deadline exceeded|refused|reset by peer|unreachable|no route|no such host|lookup |name resolution|EOF/i,
    `its registry does not answer; push it to one that this node reaches, ${loaded}`,
  ],
];
const other = `it cannot be pulled; push it to a registry that this node can use, ${loaded}`;

/**
 * The fault of an image that a node does not have and cannot get: the remedy first, then what the engine said, which can
 * be long. `fault`: how the pull failed; undefined where it may not be pulled.
 */
export const missingImage = (image: string, fault: TuttiError | undefined): TuttiError => {
  if (fault === undefined) {
    const remedy = 'it is not to be pulled, so load it on the nodes with "docker load"';
    return new TuttiError('not-found', `No such image: ${image}: ${remedy}`);
  }
  const remedy = remedies.find(([sign]) => sign.test(fault.message))?.[1] ?? other;
  return new TuttiError('not-found', `No such image: ${image}: ${remedy} (${fault.message})`, { cause: fault });
};
