import { isDeepStrictEqual } from 'node:util';
import type { Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { clusterSpec } from '../../../model/cluster.ts';
import type { Reply } from '../../http/reply.ts';
import { empty, json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { check } from '../../http/validate.ts';
import type { DockerContext } from '../context.ts';
import { clusterFrom, clusterTo, swarmSchema } from '../convert/cluster.ts';
import { lastManager } from '../swarm-texts.ts';
import { readBody, readVersion } from '../input.ts';

const alreadyPart =
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.';

/** A cluster is made and joined on the machines themselves: with `tutti init`, `join`, or through their own sockets. */
export const swarmRoutes = ({ manager, leave }: DockerContext): readonly Route[] => [
  ['GET', '/swarm', () => json(clusterTo(manager.queries.cluster()))],
  ['POST', '/swarm/init', () => json({ message: alreadyPart }, 503)],
  ['POST', '/swarm/join', () => json({ message: alreadyPart }, 503)],
  [
    'POST',
    '/swarm/leave',
    (request) => {
      if (leave === undefined) return json({ message: 'run "tutti leave" on the machine that is to leave' }, 501);
      if (!flagOf(request, 'force')) return json({ message: lastManager }, 503);
      leave();
      return empty();
    },
  ],
  ['GET', '/swarm/unlockkey', () => json({ UnlockKey: manager.queries.cluster().unlockKey ?? '' })],
  ['POST', '/swarm/unlock', () => json({ message: 'swarm is not locked' }, 409)],
  ['POST', '/swarm/update', (request) => updateSwarm(request, manager)],
];

const updateSwarm = async (request: ApiRequest, { commands, queries }: Manager): Promise<Reply> => {
  const version = readVersion(request, 'swarm');
  const { value } = await readBody(request, swarmSchema, 'swarm');
  const cluster = queries.cluster();
  if (cluster.version !== version) {
    throw new TuttiError(
      'version-mismatch',
      `update out of sequence: the swarm is at version ${cluster.version}, not ${version}`,
    );
  }
  const spec = check(clusterSpec, clusterFrom(value, cluster.spec), 'swarm');
  if (!isDeepStrictEqual(spec, cluster.spec)) await commands.updateCluster(version, spec);
  // Clients raise a counter; here it is a request.
  if ((value.CAConfig?.ForceRotate ?? 0) !== 0) await commands.rotateAuthority();
  if (flagOf(request, 'rotateWorkerToken')) await commands.rotateJoinToken('worker');
  if (flagOf(request, 'rotateManagerToken')) await commands.rotateJoinToken('manager');
  if (flagOf(request, 'rotateManagerUnlockKey')) await commands.rotateUnlockKey();
  return empty();
};
