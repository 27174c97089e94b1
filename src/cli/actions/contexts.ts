import { X509Certificate } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { TuttiError } from '../../model/errors.ts';
import type { CertificateView, ClientView } from '../../model/native.ts';
import { clientIdOf } from '../../rpc/certificates/credentials.ts';
import { createRequest } from '../../rpc/certificates/request.ts';
import { checkContextName, contextArchive, dockerContexts, dockerDirectory } from '../docker-contexts.ts';
import type { DockerContext, DockerContexts } from '../docker-contexts.ts';
import { formatDuration } from '../duration.ts';
import { table } from '../output/table.ts';
import type { Session } from '../session.ts';

export interface ContextFlags {
  /** What the context leads to; absent: what the manager says of itself. */
  readonly address?: string;
  readonly validMs?: number;
  /** Where to write an archive instead of a context; `-`: standard output. */
  readonly export?: string;
}

const storeOf = ({ context: { environment } }: Session): DockerContexts => dockerContexts(dockerDirectory(environment));

/** `tcp://10.0.0.1:2376` of a host with or without scheme and port. */
const endpointOf = (address: string): string => {
  const match = /^(?:tcp:\/\/)?(?<host>\[[0-9a-fA-F:]+\]|[^:/\s]+)(?::(?<port>\d{1,5}))?$/.exec(address);
  if (match?.groups === undefined) {
    throw new TuttiError('invalid-argument', `"${address}" is no address; write HOST, HOST:PORT or tcp://HOST:PORT`);
  }
  return `tcp://${match.groups['host']}:${match.groups['port'] ?? '2376'}`;
};

/** A new key here, a certificate for it from the manager. */
const obtain = async (session: Session, name: string, { address, validMs }: ContextFlags) => {
  const { client, signal } = session;
  const { key, request } = await createRequest();
  const holder = `${name} (${userInfo().username}@${hostname()})`;
  const wanted = { name: holder, request, ...(validMs !== undefined && { lifeMs: validMs }) };
  const made = await client.createClient(wanted, signal);
  const host = address === undefined ? made.endpoints[0] : endpointOf(address);
  if (host === undefined) {
    await client.removeClient(made.id, signal);
    throw new TuttiError(
      'conflict',
      'this manager does not serve the API over TCP: its config.json has "apiPort": 0; name another with --address',
    );
  }
  const { authority, certificate } = made;
  const context: DockerContext = { name, description: 'a Tutti cluster', host, authority, certificate, key };
  return { made, context };
};

/** Makes a context of the docker command that leads to the cluster, or an archive of one. */
export const createContext = async (session: Session, name: string, flags: ContextFlags): Promise<void> => {
  checkContextName(name);
  const store = storeOf(session);
  if (flags.export === undefined && (await store.read(name)) !== undefined) {
    const advice = `"tutti context renew ${name}" gives it a new certificate, "tutti context rm ${name}" removes it`;
    throw new TuttiError('already-exists', `there is a docker context ${name} already: ${advice}`);
  }
  const { made, context } = await obtain(session, name, flags);
  if (flags.export !== undefined) return await exportContext(session, context, flags.export);
  await store.write(context);
  tell(session, made, context);
};

const exportContext = async (session: Session, context: DockerContext, path: string): Promise<void> => {
  const archive = await contextArchive(context);
  await session.context.writeFile(path, archive);
  session.note(
    `"docker context import ${context.name} FILE" takes it; it holds a key: whoever has it may use the cluster`,
  );
};

const tell = (session: Session, made: CertificateView, { name, host }: DockerContext): void => {
  const { certificate: _certificate, authority: _authority, endpoints: _endpoints, ...view } = made;
  if (session.json) return session.printJson({ ...view, context: name, host });
  session.print(`The docker context ${name} leads to ${host} until ${dateOf(made.expiresAt)}.\n\n`);
  session.print(`  docker context use ${name}\n`);
};

const dateOf = (moment: number): string => new Date(moment).toISOString().slice(0, 10);

const idIn = (context: DockerContext | undefined): string | undefined =>
  context === undefined || context.certificate === ''
    ? undefined
    : clientIdOf(new X509Certificate(context.certificate));

const requireContext = async (store: DockerContexts, name: string): Promise<DockerContext> => {
  const found = await store.read(name);
  if (found === undefined) throw new TuttiError('not-found', `there is no docker context ${name} here`);
  if (idIn(found) !== undefined) return found;
  throw new TuttiError('invalid-argument', `the docker context ${name} was not made by tutti`);
};

/** Gives a context a new key and certificate; the old one is revoked. */
export const renewContext = async (session: Session, name: string, flags: ContextFlags): Promise<void> => {
  const store = storeOf(session);
  const before = await requireContext(store, name);
  const { made, context } = await obtain(session, name, { address: before.host, ...flags });
  await store.write(context);
  await revoke(session, idIn(before));
  tell(session, made, context);
};

/** False where the cluster knows no such client. */
const revoke = async ({ client, signal }: Session, id: string | undefined): Promise<boolean> => {
  if (id === undefined) return false;
  try {
    await client.removeClient(id, signal);
    return true;
  } catch (thrown) {
    if (TuttiError.from(thrown).code === 'not-found') return false;
    throw thrown;
  }
};

/** Revokes the certificate of a context, or of the client with that id or name, and removes the context where it is here. */
export const removeContext = async (session: Session, reference: string): Promise<void> => {
  const store = storeOf(session);
  const here = await store.read(reference).catch(() => undefined);
  const id = idIn(here) ?? (await findClient(session, reference)).id;
  const revoked = await revoke(session, id);
  if (idIn(here) !== undefined) {
    await store.remove(reference);
    if (await store.isCurrent(reference)) {
      session.note(
        `the docker command still looks for ${reference}: "docker context use default" has it use the machine's engine`,
      );
    }
  }
  if (session.json) return session.printJson({ removed: [{ kind: 'client', name: id }] });
  session.print(
    revoked ? `revoked ${id}\n` : `removed the context ${reference}; the cluster did not know its client\n`,
  );
};

const findClient = async ({ client, signal }: Session, reference: string): Promise<ClientView> => {
  const found = (await client.clients(signal)).filter(
    ({ id, name }) => id.startsWith(reference) || name === reference || name.startsWith(`${reference} (`),
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const why = found.length === 0 ? 'there is neither a docker context nor a client' : 'there are several clients';
  throw new TuttiError(
    found.length === 0 ? 'not-found' : 'invalid-argument',
    `${why} ${reference}: see "tutti context ls"`,
  );
};

/** Lists who may use the API over TCP. */
export const listContexts = async (session: Session): Promise<void> => {
  const clients = await session.client.clients(session.signal);
  if (session.json) return session.printJson(clients);
  const now = session.context.clock.now();
  const rows = clients
    .toSorted((left, right) => left.createdAt - right.createdAt)
    .map(({ id, name, createdAt, expiresAt }) => [
      id,
      name,
      `${formatDuration(now - createdAt)} ago`,
      expiresAt <= now ? session.paint('red', 'over') : `in ${formatDuration(expiresAt - now)}`,
    ]);
  session.print(table(['ID', 'CONTEXT', 'CREATED', 'EXPIRES'], rows));
};
