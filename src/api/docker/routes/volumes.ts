import { TuttiError } from '../../../model/errors.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { createVolume } from '../volumes/create.ts';
import { listVolumes } from '../volumes/list.ts';
import { inspectVolume, removeVolume } from '../volumes/one.ts';
import { pruneVolumes } from '../volumes/prune.ts';

/** `name`, or `node/name`. */
const referenceOf = (request: ApiRequest): string => request.params['*'] ?? '';

export const volumeRoutes = (context: DockerContext): readonly Route[] => [
  ['GET', '/volumes', (request) => listVolumes(context, request)],
  ['POST', '/volumes/create', (request) => createVolume(context, request)],
  ['POST', '/volumes/prune', (request) => pruneVolumes(context, request)],
  ['GET', '/volumes/*', (request) => inspectVolume(context, request, referenceOf(request))],
  ['DELETE', '/volumes/*', (request) => removeVolume(context, request, referenceOf(request))],
  [
    'PUT',
    '/volumes/*',
    () => {
      throw new TuttiError(
        'not-implemented',
        'only cluster volumes of CSI plugins can be updated, which tutti does not run',
      );
    },
  ],
];
