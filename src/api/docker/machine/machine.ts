import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { errorReply } from '../errors.ts';
import { forceCluster, initCluster, joinCluster, leaveCluster } from './membership.ts';
import { ask, replyOf, textOf } from './pass-on.ts';
import type { MachinePorts, Membership } from './ports.ts';
import { answerAsWorker } from './worker.ts';

const versionPrefix = /^\/v\d{1,3}\.\d{1,3}(?=\/|$)/;
const changes: ReadonlySet<string> = new Set(['/swarm/init', '/swarm/join', '/swarm/leave']);

/** Docker's own words. */
const alreadyPart =
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.';
const notPart = 'This node is not part of a swarm';
const busy = 'this machine is just making, joining or leaving a cluster: try again in a moment';

/**
 * What a machine's own socket answers: as its plain engine, until a cluster is made or joined through it; then as the
 * cluster on a manager, as a worker's engine on a worker; and as the plain engine again once it has left.
 */
export const createMachineApi = (ports: MachinePorts): ((request: ApiRequest) => Promise<Reply>) => {
  let changing = false;
  const change = async (request: ApiRequest, path: string, member: Membership | undefined): Promise<Reply> => {
    if (changing) return json({ message: busy }, 503);
    changing = true;
    try {
      if (path === '/swarm/leave') {
        return member === undefined ? json({ message: notPart }, 503) : await leaveCluster(ports, request, member.role);
      }
      const forced = member?.role === 'manager' && path === '/swarm/init';
      if (member !== undefined) {
        return (forced ? await forceCluster(request, member) : undefined) ?? json({ message: alreadyPart }, 503);
      }
      return await (path === '/swarm/init' ? initCluster(ports, request) : joinCluster(ports, request));
    } finally {
      changing = false;
    }
  };
  const answer = async (request: ApiRequest): Promise<Reply> => {
    const path = request.path.replace(versionPrefix, '');
    const member = await ports.membership();
    if (
      request.method === 'POST' &&
      changes.has(path) &&
      (member !== undefined || !(await isInSwarm(ports, request)))
    ) {
      return await change(request, path, member);
    }
    if (member?.role === 'manager') return replyOf(await ask(ports.manager, request));
    if (member?.role === 'worker') return await answerAsWorker(ports, member, request, path);
    return replyOf(await ask(ports.engine, request));
  };
  return (request) => answer(request).catch((thrown: unknown) => errorReply(TuttiError.from(thrown)));
};

const info = z.object({ Swarm: z.object({ LocalNodeState: z.string() }).optional() });

/** An engine that is in a swarm of its own keeps it: its swarm commands are its own business. */
const isInSwarm = async ({ engine }: MachinePorts, { signal }: ApiRequest): Promise<boolean> => {
  const found = info.safeParse(JSON.parse(await textOf(await engine({ method: 'GET', path: '/info' }, signal))));
  return found.success && (found.data.Swarm?.LocalNodeState ?? 'inactive') !== 'inactive';
};
