import { TuttiError } from '../model/errors.ts';
import { readText, replaceFile } from '../platform/files.ts';
import type { Credentials } from '../rpc/certificates/credentials.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

const block = (pem: string, name: string): string | undefined =>
  new RegExp(`-----BEGIN ${name}-----[^-]+-----END ${name}-----\n?`).exec(pem)?.[0];

type Pair = Pick<Credentials, 'certificate' | 'key'>;

/** Certificate and key out of one file; undefined when there is none, or it cannot be read. */
export const readPair = async (path: string): Promise<Pair | undefined> => {
  const text = (await readText(path)) ?? '';
  const certificate = block(text, 'CERTIFICATE');
  const key = block(text, 'PRIVATE KEY');
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
};

/** Both in one file, so that they are replaced together. */
export const writePair = async (path: string, { certificate, key }: Pair): Promise<void> =>
  await replaceFile(path, `${certificate.trimEnd()}\n${key.trimEnd()}\n`, 0o600);

/** Throws `corrupt` when something is missing. */
export const readCredentials = async (directories: Directories): Promise<Credentials> => {
  const paths = nodePaths(directories);
  const [pair, authority] = await Promise.all([readPair(paths.identity), readText(paths.authority)]);
  if (pair === undefined || authority === undefined) {
    const path = authority === undefined ? paths.authority : paths.identity;
    throw new TuttiError('corrupt', `${path} is missing or cannot be read: leave the cluster and join again`);
  }
  return { ...pair, authority };
};

export const writeCredentials = async (directories: Directories, credentials: Credentials): Promise<void> => {
  const { authority } = credentials;
  const paths = nodePaths(directories);
  await Promise.all([writePair(paths.identity, credentials), replaceFile(paths.authority, authority, 0o644)]);
};
