import { X509Certificate } from 'node:crypto';
import { TuttiError } from '../../model/errors.ts';
import { nodeId, type NodeId } from '../../model/ids.ts';
import { nodeRole, type NodeRole } from '../../model/node.ts';

/** What a node proves itself with and whom it trusts. All PEM; the key is secret. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** The cluster's certificate authority. */
  readonly authority: string;
}

/** Who a certificate is for: common name, organizational unit and organization. */
export interface Identity {
  readonly nodeId: NodeId;
  readonly role: NodeRole;
  readonly clusterId: string;
}

const part = (subject: string, name: string): string | undefined =>
  subject
    .split('\n')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** Undefined when the certificate is not one of a node. The issuer is not looked at. */
export const identityOf = (certificate: X509Certificate): Identity | undefined => {
  const { subject } = certificate;
  const id = nodeId.safeParse(part(subject, 'CN'));
  const role = nodeRole.safeParse(part(subject, 'OU'));
  const clusterId = part(subject, 'O');
  if (!id.success || !role.success || clusterId === undefined) return undefined;
  return { nodeId: id.data, role: role.data, clusterId };
};

/** The organizational units of certificates that are not of nodes: who uses the API over TCP, and who serves it. */
export const clientUnit = 'client';
export const serverUnit = 'api';

/** The id of the API's client that a certificate is for; undefined when it is for something else. The issuer is not looked at. */
export const clientIdOf = ({ subject }: X509Certificate): string | undefined =>
  part(subject, 'OU') === clientUnit ? part(subject, 'CN') : undefined;

/** Of a node's certificate, a PEM; throws `corrupt`. */
export const identityOfPem = (pem: string): Identity => {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new TuttiError('corrupt', "the node's certificate cannot be read", { cause: error });
  }
  const identity = identityOf(certificate);
  if (identity === undefined) throw new TuttiError('corrupt', "the node's certificate does not name a node");
  return identity;
};

/** When a certificate is over, in milliseconds since the epoch. */
export const expiryTime = (pem: string): number => new X509Certificate(pem).validToDate.getTime();

/** When to ask for the next certificate: two thirds into this one's life, in milliseconds since the epoch. */
export const renewalTime = (pem: string): number => {
  const certificate = new X509Certificate(pem);
  const from = certificate.validFromDate.getTime();
  return from + ((certificate.validToDate.getTime() - from) * 2) / 3;
};
