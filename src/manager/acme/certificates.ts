import { X509Certificate } from 'node:crypto';
import type { AcmeCertificate } from '../../core/route/acme.ts';
import type { SecretId } from '../../model/ids.ts';
import type { Secret } from '../../model/secret.ts';
import type { Transaction, View } from '../../store/store.ts';
import { renewalTime } from '../../rpc/certificates/credentials.ts';
import { newAccountKey, thumbprint } from './jose.ts';

/** Labels of the secrets that are kept for ACME. `docker secret ls` shows them as it does others. */
const label = {
  host: 'tutti.acme.host',
  directory: 'tutti.acme.directory',
  renewAt: 'tutti.acme.renew-at',
  thumbprint: 'tutti.acme.thumbprint',
} as const;

export interface HostCertificate extends AcmeCertificate {
  readonly secretId: SecretId;
}

/** The certificates that were got by ACME, by host: the last of each. */
export const acmeCertificates = (view: View): ReadonlyMap<string, HostCertificate> => {
  const found = new Map<string, HostCertificate & { readonly createdAt: number }>();
  for (const { id, createdAt, spec } of view.list('secret')) {
    const host = spec.labels?.[label.host];
    if (host === undefined) continue;
    const known = found.get(host);
    if (known !== undefined && known.createdAt >= createdAt) continue;
    const renewAt = Date.parse(spec.labels?.[label.renewAt] ?? '') || 0;
    found.set(host, { secretId: id, createdAt, renewAt, directory: spec.labels?.[label.directory] ?? '' });
  }
  return found;
};

const accountOf = (view: View, directory: string): Secret | undefined =>
  Array.from(view.list('secret')).find(
    ({ spec }) => spec.labels?.[label.thumbprint] !== undefined && spec.labels[label.directory] === directory,
  );

/** What challenges are answered with for this directory's account, once there is one. */
export const accountThumbprint = (view: View, directory: string): string | undefined =>
  accountOf(view, directory)?.spec.labels?.[label.thumbprint];

type NewRow = () => {
  readonly id: SecretId;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** Key of the account with this directory, PEM; made where there is none. Secret. */
export const accountKey = (transaction: Transaction, directory: string, newRow: NewRow): string => {
  const known = accountOf(transaction, directory);
  if (known !== undefined) return Buffer.from(known.spec.data, 'base64').toString('utf8');
  const key = newAccountKey();
  const row = newRow();
  const labels = { [label.directory]: directory, [label.thumbprint]: thumbprint(key) };
  const spec = { name: `acme-account-${row.id.slice(0, 8)}`, labels, data: Buffer.from(key).toString('base64') };
  transaction.create('secret', { ...row, spec });
  return key;
};

/** Keeps a new certificate with its key, PEM, and lets go of the ones of the host before it. */
export const keepCertificate = (
  transaction: Transaction,
  { host, directory, pem }: { readonly host: string; readonly directory: string; readonly pem: string },
  newRow: NewRow,
): void => {
  for (const { id, spec } of Array.from(transaction.list('secret'))) {
    if (spec.labels?.[label.host] === host) transaction.delete('secret', id);
  }
  const row = newRow();
  const labels = {
    [label.host]: host,
    [label.directory]: directory,
    [label.renewAt]: new Date(renewalTime(pem)).toISOString(),
  };
  const name = `acme-${host.slice(0, 40)}-${row.id.slice(0, 8)}`;
  transaction.create('secret', { ...row, spec: { name, labels, data: Buffer.from(pem).toString('base64') } });
};

/** Why an authority's answer is no certificate for this host; undefined where it is one. */
export const chainFault = (chain: string, host: string, now: number): string | undefined => {
  try {
    const certificate = new X509Certificate(chain);
    if (certificate.checkHost(host) === undefined) return `it is not for ${host}`;
    return certificate.validToDate.getTime() < now ? 'it is over already' : undefined;
  } catch {
    return 'it cannot be read';
  }
};
