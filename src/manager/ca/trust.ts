import { createHash } from 'node:crypto';
import type { Cluster } from '../../model/cluster.ts';
import type { Node, NodeTls } from '../../model/node.ts';

type Trusting = Pick<Cluster, 'caCertificate' | 'rotation'>;

/** Every authority that is trusted now, the one that issues first: PEM, one after the other. */
export const trustOf = ({ caCertificate, rotation }: Trusting): string => {
  switch (rotation?.phase) {
    case 'trust':
      return `${caCertificate}${rotation.certificate}`;
    case 'issue':
      return `${caCertificate}${rotation.previous}`;
    case 'forget':
    case undefined:
      return caCertificate;
  }
};

const digest = (pem: string): string => createHash('sha256').update(pem).digest('hex').slice(0, 32);

/** What a node that has just renewed its certificate has. */
export const tlsNow = (cluster: Trusting): NodeTls => ({
  issuer: digest(cluster.caCertificate),
  trust: digest(trustOf(cluster)),
});

/** The authorities of a node: who issued its certificate, and whom it trusts. */
export const authoritiesOf = (
  cluster: Trusting,
  { tls }: Pick<Node, 'tls'>,
): { readonly issuer: string; readonly trust: string } => {
  const { caCertificate, rotation } = cluster;
  if (tls === undefined || rotation === undefined) return { issuer: caCertificate, trust: caCertificate };
  const newest = rotation.phase === 'trust' ? rotation.certificate : caCertificate;
  const one = (text: string): string | undefined => [newest, rotation.first].find((pem) => digest(pem) === text);
  return { issuer: one(tls.issuer) ?? rotation.first, trust: one(tls.trust) ?? `${newest}${rotation.first}` };
};
