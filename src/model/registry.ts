/** Docker Hub, as the registry of images that name none. */
export const dockerHub = 'docker.io';

/** The registry that an image reference names: `ghcr.io` of `ghcr.io/a/b:1`, `docker.io` of `redis`. */
export const registryOf = (image: string): string => {
  const first = image.includes('/') ? (image.split('/')[0] ?? '') : '';
  return /[.:]/.test(first) || first === 'localhost' ? first : dockerHub;
};
