import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Image } from './build.ts';

/** Directory of the example application. */
export const votingApp = fileURLToPath(new URL('../../../examples/voting-app', import.meta.url));

/** Its images, as its Compose file names them. */
export const votingAppImages: readonly Image[] = ['vote', 'redis', 'worker', 'db', 'result'].map((service) => ({
  reference: `tutti-example/${service}:latest`,
  context: join(votingApp, service),
}));
