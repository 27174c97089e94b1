import { TuttiError } from '../../../model/errors.ts';
import type { Route } from '../../http/router.ts';

/**
 * Clients ask for an image's digest before they make a service. No manager talks to registries; clients then say
 * that each node pulls the image by its name, which is what happens.
 */
export const distributionRoutes = (): readonly Route[] => [
  [
    'GET',
    '/distribution/*',
    (request) => {
      const image = (request.params['*'] ?? '').replace(/\/json$/, '');
      throw new TuttiError('not-implemented', `tutti does not ask registries for digests yet: ${image}`);
    },
  ],
];
