import { dockerHub, registryOf } from '../../model/registry.ts';

/** Names under which `docker login` keeps Docker Hub. */
const hubNames = [dockerHub, 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'];

/** The credentials for an image among those given by registry; undefined where there are none. */
export function credentialsFor(image: string, byRegistry: Readonly<Record<string, string>> = {}): string | undefined {
  const registry = registryOf(image);
  const names = registry === dockerHub ? hubNames : [registry, `https://${registry}`];
  return names.map((name) => byRegistry[name]).find((found) => found !== undefined);
}
