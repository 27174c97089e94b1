import { issueCertificate } from '../manager/ca/issue.ts';
import { trustOf } from '../manager/ca/trust.ts';
import type { NodeId } from '../model/ids.ts';
import type { Clock, Log } from '../platform/ports.ts';
import { renewalTime, type Credentials } from '../rpc/certificates/credentials.ts';
import { createRequest } from '../rpc/certificates/request.ts';
import type { Store } from '../store/store.ts';

export interface OwnCertificatePorts {
  readonly store: Pick<Store, 'view'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Log, 'info'>;
}

/**
 * The next credentials of the manager's own node, from the authority in its store, where those that it has are due or
 * over: after months without a manager there is nobody else who could give them. Undefined where they are good still.
 */
export const nextOwnCredentials = async (
  { store, clock, log }: OwnCertificatePorts,
  nodeId: NodeId,
  current: Credentials,
): Promise<Credentials | undefined> => {
  if (clock.now() < renewalTime(current.certificate)) return undefined;
  const [cluster] = store.view.list('cluster');
  const node = store.view.get('node', nodeId);
  if (cluster === undefined || node === undefined) return undefined;
  const { key, request } = await createRequest();
  const authority = { certificate: cluster.caCertificate, key: cluster.caKey };
  const identity = { nodeId: node.id, role: node.spec.role, clusterId: cluster.id };
  const certificate = await issueCertificate(authority, request, identity, clock.now(), cluster.spec.nodeCertificateMs);
  log.info("this manager's own certificate was renewed", { node: nodeId });
  return { key, certificate, authority: trustOf(cluster) };
};
