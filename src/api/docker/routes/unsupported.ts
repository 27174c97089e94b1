import { TuttiError } from '../../../model/errors.ts';
import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';

/** What Docker's API has and this dialect does not have yet, by the first part of the path. */
const later: Readonly<Record<string, string>> = {
  containers: 'this about containers',
  exec: 'this about execs',
  images: 'this about images',
  build: 'builds over the cluster',
  plugins: 'plugins',
  session: 'build sessions',
  grpc: 'build sessions',
  system: 'disk usage over the cluster',
  networks: 'this about networks',
  services: 'this about services',
  nodes: 'this about nodes',
  tasks: 'this about tasks',
  secrets: 'this about secrets',
  configs: 'this about configs',
  swarm: 'this about the swarm',
};

/** The answer where no route fits: 501 for Docker's own paths, else 404. */
export const unsupported = (method: string, path: string): Reply => {
  const subject = later[path.split('/')[1] ?? ''];
  if (subject === undefined) return json({ message: 'page not found' }, 404);
  const hint = 'services and stacks are there ("docker service", "docker stack"); or ask an engine itself';
  throw new TuttiError('not-implemented', `tutti does not do ${subject} yet (${method} ${path}): ${hint}`);
};
