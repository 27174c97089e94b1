import { TuttiError } from '../../model/errors.ts';

const remedies: readonly (readonly [sign: RegExp, remedy: string])[] = [
  [
    /unauthorized|denied|authentication required|no basic auth/i,
    'the registry does not give it; check the name, or "docker login" where you deploy and deploy again',
  ],
  [/manifest unknown|not found|does not exist/i, 'the registry does not have it; push it, or correct the name'],
];
const unreachable =
  'its registry does not answer; push it to one that this node reaches, or load it on the nodes with "docker load"';

/**
 * The fault of an image that a node does not have and cannot get: the remedy first, then what the engine said, which can
 * be long. `fault`: how the pull failed; undefined where it may not be pulled.
 */
export const missingImage = (image: string, fault: TuttiError | undefined): TuttiError => {
  if (fault === undefined) {
    const remedy = 'it is not to be pulled, so load it on the nodes with "docker load"';
    return new TuttiError('not-found', `No such image: ${image}: ${remedy}`);
  }
  const remedy = remedies.find(([sign]) => sign.test(fault.message))?.[1] ?? unreachable;
  return new TuttiError('not-found', `No such image: ${image}: ${remedy} (${fault.message})`, { cause: fault });
};
