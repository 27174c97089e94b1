import { join } from 'node:path';
import { registryOf } from '../../model/registry.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import type { CliContext } from '../context.ts';
import type { DockerConfig } from './config.ts';
import { dockerConfig, encodeLogin, helperAnswer, helperLogin, helperOf, serverOf, storedLogin } from './config.ts';

export interface LoginPorts extends Pick<CliContext, 'readFile' | 'exec' | 'environment' | 'signal'> {
  /** A remark to the user. Never has credentials in it. */
  readonly warn: (text: string) => void;
}

/** In bytes. */
const longestConfig = 1024 * 1024;
const helperMs = 10_000;
/** What the model allows, in characters. */
const longestLogin = 65_536;

/** The stack with the logins of this user's `docker login`, to the registries of its images and no others. */
export const withLogins = async (stack: StackSpec, ports: LoginPorts): Promise<StackSpec> => {
  const config = await readConfig(ports);
  if (config === undefined) return stack;
  const logins = new Map<string, string>();
  for (const registry of new Set(stack.services.flatMap(registriesOf))) {
    const login = (await askHelper(config, registry, ports)) ?? storedLogin(config, registry);
    const encoded = login === undefined ? '' : encodeLogin(login, registry);
    if (encoded.length > longestLogin) ports.warn(`the login to ${registry} is too long and is left out`);
    else if (encoded !== '') logins.set(registry, encoded);
  }
  return { ...stack, services: stack.services.map((service) => withCredentials(service, logins)) };
};

const registriesOf = (service: ServiceSpec): string[] => service.task.containers.map(({ image }) => registryOf(image));

const withCredentials = (service: ServiceSpec, logins: ReadonlyMap<string, string>): ServiceSpec => {
  const own = new Set(registriesOf(service));
  const found = [...logins].filter(([registry]) => own.has(registry));
  if (found.length === 0) return service;
  return { ...service, task: { ...service.task, pullCredentials: Object.fromEntries(found) } };
};

const configPath = ({ environment }: LoginPorts): string | undefined => {
  const { DOCKER_CONFIG: directory, HOME: home } = environment;
  if (directory !== undefined && directory !== '') return join(directory, 'config.json');
  return home === undefined || home === '' ? undefined : join(home, '.docker', 'config.json');
};

const readConfig = async (ports: LoginPorts): Promise<DockerConfig | undefined> => {
  const path = configPath(ports);
  if (path === undefined) return undefined;
  try {
    const bytes = await ports.readFile(path, ports.signal);
    if (bytes === undefined) return undefined;
    if (bytes.length <= longestConfig) return dockerConfig.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    // What was wrong may quote the file, which has secrets.
    ports.signal.throwIfAborted();
  }
  ports.warn(`${path} cannot be read as docker's configuration: images are pulled without its registry logins`);
  return undefined;
};

const askHelper = async (config: DockerConfig, registry: string, { exec, signal, warn }: LoginPorts) => {
  const helper = helperOf(config, registry);
  if (helper === undefined) return undefined;
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) {
    warn(`${JSON.stringify(helper)} in docker's configuration is no name of a credential helper`);
    return undefined;
  }
  const { code, stdout } = await exec(program, ['get'], { input: serverOf(registry), timeoutMs: helperMs, signal });
  signal.throwIfAborted();
  if (code === 0) {
    const answer = helperAnswer.safeParse(jsonOf(stdout));
    if (answer.success) return helperLogin(answer.data);
  } else if (/credentials not found/i.test(stdout)) {
    return undefined;
  }
  // Not what it wrote: that may be a secret.
  const what = code === 0 ? 'gave an answer that is not understood' : `failed (exit code ${code})`;
  warn(`"${program} get" ${what} for ${registry}: images may be pulled without a login`);
  return undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
