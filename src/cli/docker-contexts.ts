import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import * as z from 'zod';
import { parseEndpoint } from '../client/endpoint.ts';
import type { Endpoint } from '../client/endpoint.ts';
import { TuttiError } from '../model/errors.ts';

/** A context of the docker command that leads to a cluster over TCP. All PEM; the key is secret. */
export interface DockerContext {
  readonly name: string;
  readonly description: string;
  /** `tcp://10.0.0.1:2376`. */
  readonly host: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** The docker command's own store of contexts: `~/.docker/contexts`. */
export interface DockerContexts {
  read(name: string): Promise<DockerContext | undefined>;
  write(context: DockerContext): Promise<void>;
  remove(name: string): Promise<void>;
  /** Whether the docker command uses it when it is told nothing else. */
  isCurrent(name: string): Promise<boolean>;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** Throws `invalid-argument` for a name that the docker command would not take. */
export const checkContextName = (name: string): void => {
  if (namePattern.test(name) && name !== 'default') return;
  throw new TuttiError(
    'invalid-argument',
    `"${name}" cannot name a context: two or more letters, digits and _.+-, a letter or digit first, and not "default"`,
  );
};

const meta = z.object({
  Name: z.string(),
  Metadata: z.object({ Description: z.string().optional() }).loose().optional(),
  Endpoints: z.object({ docker: z.object({ Host: z.string().optional() }).loose() }).loose(),
});

const metaOf = ({ name, description, host }: DockerContext): string =>
  JSON.stringify({
    Name: name,
    Metadata: { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
  });

const tlsFiles = ({ authority, certificate, key }: DockerContext) => [
  ['ca.pem', authority],
  ['cert.pem', certificate],
  ['key.pem', key],
];

/** `directory`: `$DOCKER_CONFIG`, or `~/.docker`. Directories and files are named by the SHA-256 of the context's name. */
export const dockerContexts = (directory: string): DockerContexts => {
  const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');
  const metaOfName = (name: string): string => join(directory, 'contexts', 'meta', idOf(name));
  const tlsOfName = (name: string): string => join(directory, 'contexts', 'tls', idOf(name));
  const text = async (path: string): Promise<string | undefined> =>
    await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new TuttiError('internal', `${path} cannot be read: ${error.message}`, { cause: error });
    });
  return {
    read: async (name) => {
      const found = await text(join(metaOfName(name), 'meta.json'));
      if (found === undefined) return undefined;
      const parsed = meta.safeParse(JSON.parse(found));
      if (!parsed.success) throw new TuttiError('corrupt', `the docker context ${name} cannot be read`);
      const tls = join(tlsOfName(name), 'docker');
      const [authority = '', certificate = '', key = ''] = await Promise.all(
        ['ca.pem', 'cert.pem', 'key.pem'].map((file) => text(join(tls, file))),
      );
      const { Metadata, Endpoints } = parsed.data;
      const host = Endpoints.docker.Host ?? '';
      return { name, description: Metadata?.Description ?? '', host, authority, certificate, key };
    },
    write: async (context) => {
      const tls = join(tlsOfName(context.name), 'docker');
      await mkdir(tls, { recursive: true, mode: 0o700 });
      for (const [file = '', content = ''] of tlsFiles(context)) {
        await rm(join(tls, file), { force: true });
        await writeFile(join(tls, file), content, { mode: 0o600 });
      }
      // Last: where it is, there is a context.
      await mkdir(metaOfName(context.name), { recursive: true, mode: 0o755 });
      await writeFile(join(metaOfName(context.name), 'meta.json'), metaOf(context), { mode: 0o644 });
    },
    remove: async (name) => {
      await rm(metaOfName(name), { recursive: true, force: true });
      await rm(tlsOfName(name), { recursive: true, force: true });
    },
    isCurrent: async (name) => currentIn(await text(join(directory, 'config.json'))) === name,
  };
};

/** Of the docker command's `config.json`; undefined where it says none, or cannot be read. */
const currentIn = (config: string | undefined): string | undefined => {
  try {
    return z.object({ currentContext: z.string().optional() }).parse(JSON.parse(config ?? '{}')).currentContext;
  } catch {
    return undefined;
  }
};

/** The context as `docker context import NAME FILE` reads it. */
export const contextArchive = async (context: DockerContext): Promise<Uint8Array> => {
  const archive = pack();
  archive.entry({ name: 'meta.json', mode: 0o644 }, metaOf(context));
  for (const [file = '', content = ''] of tlsFiles(context)) {
    archive.entry({ name: `tls/docker/${file}`, mode: 0o600 }, content);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Where the docker command keeps its things. */
export const dockerDirectory = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment['DOCKER_CONFIG'] ?? join(environment['HOME'] ?? homedir(), '.docker');

/** What a context leads to. Throws `not-found`, or `invalid-argument` for one that leads to something else than a cluster. */
export const contextEndpoint = async (
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<Endpoint> => {
  const context = await dockerContexts(dockerDirectory(environment)).read(name);
  if (context === undefined) throw new TuttiError('not-found', `there is no docker context ${name} here`);
  const { host, authority, certificate, key } = context;
  if (host.startsWith('unix://')) return parseEndpoint(host);
  const match = /^tcp:\/\/(?:\[(?<six>[0-9a-fA-F:]+)\]|(?<host>[^:/]+)):(?<port>\d{1,5})$/.exec(host);
  const address = match?.groups?.['six'] ?? match?.groups?.['host'];
  if (address === undefined || certificate === '' || key === '') {
    throw new TuttiError('invalid-argument', `the docker context ${name} (${host}) has no certificate of a cluster`);
  }
  return { kind: 'tls', host: address, port: Number(match?.groups?.['port']), authority, certificate, key };
};
