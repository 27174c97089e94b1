import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { issueServerCertificate } from '../manager/ca/issue.ts';
import { trustOf } from '../manager/ca/trust.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Clock } from '../platform/ports.ts';
import { renewalTime } from '../rpc/certificates/credentials.ts';
import type { Credentials } from '../rpc/certificates/credentials.ts';
import { createRequest } from '../rpc/certificates/request.ts';
import { dnsName } from './check.ts';
import type { NodeConfig } from './config.ts';
import { readPair, writePair } from './credentials.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** What clients may reach the manager's API by: its addresses and names, and this machine's own loopback. */
const namesOf = ({ address, name, apiNames }: NodeConfig): readonly string[] => {
  const all = [address, ...apiNames, ...(name === undefined ? [] : [name]), hostname(), 'localhost', '127.0.0.1'];
  return [...new Set(all)].filter((one) => isIP(one) !== 0 || dnsName.test(one));
};

const isGood = (pem: string, authority: string, names: readonly string[], now: number): boolean => {
  const certificate = new X509Certificate(pem);
  return (
    now < renewalTime(pem) &&
    certificate.verify(new X509Certificate(authority).publicKey) &&
    names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
  );
};

export interface ApiCertificateOptions {
  readonly cluster: Pick<Cluster, 'id' | 'caCertificate' | 'caKey' | 'rotation'>;
  readonly config: NodeConfig;
  readonly directories: Directories;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * What a manager serves the API over TCP with. Kept in a file, as issuing takes a large library; made again from the
 * cluster's authority when it is due, when the authority is another one, or when the node has other names.
 */
export const apiCredentials = async (options: ApiCertificateOptions): Promise<Credentials> => {
  const { cluster, config, directories, clock } = options;
  const path = nodePaths(directories).apiIdentity;
  const names = namesOf(config);
  const authority = trustOf(cluster);
  const kept = await readPair(path);
  if (kept !== undefined && isGood(kept.certificate, authority, names, clock.now())) return { ...kept, authority };
  const { key, request } = await createRequest();
  const subject = { clusterId: cluster.id, names };
  const issuer = { certificate: cluster.caCertificate, key: cluster.caKey };
  const certificate = await issueServerCertificate(issuer, request, subject, clock.now());
  await writePair(path, { certificate, key });
  return { key, certificate, authority };
};
