import { TuttiError } from '../model/errors.ts';
import { readText, replaceFile } from '../platform/files.ts';
import type { Credentials } from '../rpc/certificates/credentials.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

const block = (pem: string, name: string): string | undefined =>
  new RegExp(`-----BEGIN ${name}-----[^-]+-----END ${name}-----\n?`).exec(pem)?.[0];

/** Throws `corrupt` when something is missing. */
export const readCredentials = async (directories: Directories): Promise<Credentials> => {
  const paths = nodePaths(directories);
  const [identity = '', authority] = await Promise.all([readText(paths.identity), readText(paths.authority)]);
  const certificate = block(identity, 'CERTIFICATE');
  const key = block(identity, 'PRIVATE KEY');
  if (certificate === undefined || key === undefined || authority === undefined) {
    const path = authority === undefined ? paths.authority : paths.identity;
    throw new TuttiError('corrupt', `${path} is missing or cannot be read: leave the cluster and join again`);
  }
  return { certificate, key, authority };
};

export const writeCredentials = async (directories: Directories, credentials: Credentials): Promise<void> => {
  const { certificate, key, authority } = credentials;
  const paths = nodePaths(directories);
  await Promise.all([
    replaceFile(paths.identity, `${certificate.trimEnd()}\n${key.trimEnd()}\n`, 0o600),
    replaceFile(paths.authority, authority, 0o644),
  ]);
};
