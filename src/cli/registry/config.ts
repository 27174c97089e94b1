import * as z from 'zod';
import { dockerHub } from '../../model/registry.ts';

const login = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

/** What `docker login` keeps in `config.json`, as far as it is about registries. */
export const dockerConfig = z.object({
  auths: z.record(z.string(), login).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
export type DockerConfig = z.infer<typeof dockerConfig>;

/** What is proven to a registry; the names are the engine's. Secret. */
export interface Login {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

/** What a `docker-credential-…` program answers to `get`. */
export const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

const hubServer = 'https://index.docker.io/v1/';
const hubHosts: ReadonlySet<string> = new Set([dockerHub, 'index.docker.io', 'registry-1.docker.io']);

/** `docker login` keeps registries as hosts, and has kept them as addresses. */
const sameRegistry = (key: string, registry: string): boolean => {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return host === registry || (registry === dockerHub && hubHosts.has(host));
};

const entryOf = <Value>(entries: Readonly<Record<string, Value>> | undefined, registry: string): Value | undefined =>
  Object.entries(entries ?? {}).find(([key]) => sameRegistry(key, registry))?.[1];

/** What a registry is called towards helper programs and in credentials. */
export const serverOf = (registry: string): string => (registry === dockerHub ? hubServer : registry);

/** The suffix of the program that keeps a registry's login, if one does: docker asks it first. */
export const helperOf = (config: DockerConfig, registry: string): string | undefined => {
  const name = entryOf(config.credHelpers, registry) ?? config.credsStore;
  return name === '' ? undefined : name;
};

/** The login that the file itself has for a registry. */
export const storedLogin = (config: DockerConfig, registry: string): Login | undefined => {
  const { auth, ...fields } = entryOf(config.auths, registry) ?? {};
  const text = Buffer.from(auth ?? '', 'base64')
    .toString('utf8')
    .replace(/\0+$/, '');
  const colon = text.indexOf(':');
  const found = colon < 1 ? fields : { ...fields, username: text.slice(0, colon), password: text.slice(colon + 1) };
  const kept = Object.entries(found).filter(([, value]) => value !== undefined && value !== '');
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
};

/** A helper's answer as a login: the user `<token>` says that the secret is an identity token. */
export const helperLogin = ({ Username, Secret }: z.infer<typeof helperAnswer>): Login | undefined => {
  if (Secret === '') return undefined;
  return Username === '<token>' ? { identitytoken: Secret } : { username: Username, password: Secret };
};

/** As in the X-Registry-Auth header: padded base64url of JSON, which is what engines decode. */
export const encodeLogin = (login: Login, registry: string): string =>
  Buffer.from(JSON.stringify({ ...login, serveraddress: serverOf(registry) }))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
