import { nodeId as parseNodeId } from '../../src/model/ids.ts';
import type { NodeRole } from '../../src/model/node.ts';
import { createAuthority, type Authority } from '../../src/manager/ca/authority.ts';
import { issueCertificate } from '../../src/manager/ca/issue.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { Calls } from '../../src/rpc/calls.ts';
import type { Credentials } from '../../src/rpc/certificates/credentials.ts';
import { createRequest } from '../../src/rpc/certificates/request.ts';
import type { ManagerService } from '../../src/rpc/transport.ts';
import { createHttp2Listener, type Http2Listener } from '../../src/rpc/http2/listener.ts';

/** Credentials of a node, for tests. */
export const credentialsOf = async (authority: Authority, id: string, role: NodeRole): Promise<Credentials> => {
  const { key, request } = await createRequest();
  const identity = { nodeId: parseNodeId.parse(id), role, clusterId: 'cluster' };
  const certificate = await issueCertificate(authority, request, identity, Date.now());
  return { key, certificate, authority: authority.certificate };
};

export const authority = await createAuthority('cluster', Date.now());
const managerCredentials = await credentialsOf(authority, 'manager-1', 'manager');

/** A listener on a free port of the loopback interface. */
export const listenForTest = (
  service: ManagerService,
  options: { readonly calls?: Calls; readonly maxMessageBytes?: number; readonly credentials?: Credentials } = {},
): Promise<Http2Listener> =>
  createHttp2Listener({
    host: '127.0.0.1',
    port: 0,
    credentials: managerCredentials,
    service,
    calls: {},
    clock: systemClock,
    log: silentLog,
    ...options,
  });
