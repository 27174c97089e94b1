const hub = 'docker.io';
/** Names under which `docker login` keeps Docker Hub. */
const hubNames = [hub, 'index.docker.io', 'https://index.docker.io/v1/', 'registry-1.docker.io'];

/** The registry that an image reference names: `ghcr.io` of `ghcr.io/a/b:1`, `docker.io` of `redis`. */
export function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  const named = image.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  return named ? first : hub;
}

/** The credentials for an image among those given by registry; undefined where there are none. */
export function credentialsFor(image: string, byRegistry: Readonly<Record<string, string>> = {}): string | undefined {
  const registry = registryOf(image);
  const names = registry === hub ? hubNames : [registry, `https://${registry}`];
  return names.map((name) => byRegistry[name]).find((found) => found !== undefined);
}
