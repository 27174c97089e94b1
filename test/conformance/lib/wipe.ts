import { until } from '../../support/until.ts';
import type { Side } from './pair.ts';
import { images } from './pair.ts';
import { ask } from './raw.ts';

interface Listed {
  readonly ID?: string;
  readonly Id?: string;
  readonly Name?: string;
  readonly RepoTags?: readonly string[] | null;
}

/** What a scenario may leave, by the list that shows it. */
interface Kind {
  readonly list: string;
  /** What to remove of what is listed, each as a path; nothing where it goes by itself. */
  readonly remove: (found: Listed) => readonly string[];
}

const own = new Set(['bridge', 'host', 'none', 'docker_gwbridge', 'ingress']);
const kept = new Set<string>(images);

/** In the order in which they let go of one another. */
const kinds: readonly Kind[] = [
  { list: '/services', remove: ({ ID }) => [`/services/${ID}`] },
  { list: '/containers/json?all=1', remove: ({ Id }) => [`/containers/${Id}?force=1&v=1`] },
  {
    list: '/networks',
    remove: ({ Id, Name = '' }) => (own.has(Name) ? [] : [`/networks/${Id}`]),
  },
  { list: '/volumes', remove: ({ Name }) => [`/volumes/${Name}?force=1`] },
  { list: '/secrets', remove: ({ ID }) => [`/secrets/${ID}`] },
  { list: '/configs', remove: ({ ID }) => [`/configs/${ID}`] },
  {
    list: '/images/json',
    remove: ({ Id, RepoTags }) =>
      (RepoTags?.length ? RepoTags : [Id]).flatMap((name) =>
        name === undefined || kept.has(name) ? [] : [`/images/${name === '<none>:<none>' ? Id : name}?force=1`],
      ),
  },
];

const version = '/v1.41';

/** Whatever shape the list has: volumes are in an object. */
const listOf = async (socket: string, path: string): Promise<readonly Listed[]> => {
  const { status, body } = await ask<readonly Listed[] | { readonly Volumes?: readonly Listed[] | null }>(
    socket,
    'GET',
    `${version}${path}`,
  );
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
  return Array.isArray(body) ? body : ((body as { readonly Volumes?: readonly Listed[] | null }).Volumes ?? []);
};

/** Removes all that was made at an end, of whatever scenario, and waits until it is gone: the next one begins with nothing. */
export const wipe = async ({ name, socket }: Side): Promise<void> => {
  for (const { list, remove } of kinds) {
    await until(
      `nothing is left in ${list} of the ${name} end`,
      async () => {
        const left = (await listOf(socket, list)).flatMap(remove);
        return await Promise.all(left.map(async (path) => [path, await removed(socket, path)]));
      },
      ({ length }) => length === 0,
      { deadlineMs: 60_000, everyMs: 100 },
    );
  }
};

const removed = async (socket: string, path: string): Promise<unknown> => {
  const { status, body } = await ask(socket, 'DELETE', `${version}${path}`);
  return status < 300 ? status : [status, body];
};
