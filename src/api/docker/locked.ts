import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { empty, json } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';
import { errorReply } from './errors.ts';
import { readBody } from './input.ts';
import { apiVersion, splitVersion } from './version.ts';

export interface LockedContext {
  /** Tutti's own version. */
  readonly version: string;
  readonly nodeId: string;
  readonly address: string;
  /** Throws `permission-denied` for a wrong key; when it resolves, another API is about to be served. */
  readonly unlock: (unlockKey: string) => Promise<void>;
}

/** Docker's own words. */
const needsUnlock =
  'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.';

const unlockSchema = z.strictObject({ UnlockKey: z.string().max(255) });

/** What a manager answers whose state is locked: that it is, and the one request that changes it. */
export const createLockedApi = (context: LockedContext): ((request: ApiRequest) => Promise<Reply>) => {
  const headers = { 'api-version': apiVersion, ostype: 'linux', swarm: 'locked' };
  const answer = async (request: ApiRequest): Promise<Reply> => {
    const { path } = splitVersion(request.path);
    if (path === '/_ping') return { kind: 'text', status: 200, text: request.method === 'HEAD' ? '' : 'OK' };
    if (path === '/version') return json({ Version: context.version, ApiVersion: apiVersion, Os: 'linux' });
    if (path === '/info') return json(infoOf(context));
    if (request.method !== 'POST' || path !== '/swarm/unlock') return json({ message: needsUnlock }, 503);
    const { value } = await readBody(request, unlockSchema, 'unlock request');
    await context.unlock(value.UnlockKey);
    return empty();
  };
  return async (request) => {
    const reply = await answer(request).catch((thrown: unknown) => errorReply(TuttiError.from(thrown)));
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };
};

const infoOf = ({ version, nodeId, address }: LockedContext) => ({
  ServerVersion: version,
  OSType: 'linux',
  Swarm: { NodeID: nodeId, NodeAddr: address, LocalNodeState: 'locked', ControlAvailable: false, Error: '' },
});
