import * as z from 'zod';
import { buildHints } from '../../../manager/images/build-node.ts';
import { TuttiError } from '../../../model/errors.ts';
import { checkKeys } from '../../http/keys.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf, headerOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { withRetry } from '../build/buildkit.ts';
import { readAlong } from '../build/context.ts';
import { imagesOfDockerfile } from '../build/dockerfile.ts';
import { readSessionAlong } from '../build/session.ts';
import type { KnownDockerfiles } from '../build/session.ts';
import type { DockerContext } from '../context.ts';
import { forward, targetOf } from '../forward.ts';
import { followTags } from '../image-tags.ts';
import { pruneEverywhere } from '../image-prune.ts';

/** Builds, each on one node; what they make is then everywhere where its name was in use, and travels on demand. */
export const buildRoutes = (context: DockerContext): readonly Route[] => {
  const known: KnownDockerfiles = new Map();
  return [
    ['POST', '/build', async (request) => await build(context, request)],
    ['POST', '/build/cancel', async (request) => await cancel(context, request)],
    ['POST', '/build/prune', async (request) => await prune(context, request)],
    ['POST', '/session', async (request) => await openSession(context, request, known)],
    ['POST', '/grpc', async (request) => await openControl(context, request)],
  ];
};

const build = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const { manager } = context;
  const { query, signal } = request;
  const { hints, arguments: own } = buildHints(readMap(request, 'buildargs'), labelsOf(request));
  const session = query.get('session') ?? '';
  const buildId = query.get('buildid') ?? '';
  const begun = manager.builds.begin(
    { hints, ...(session !== '' && { session }), ...(buildId !== '' && { buildId }) },
    signal,
  );
  const { nodeId } = begun;
  try {
    const path = targetOf({ path: '/build', query: withArguments(query, own) });
    const bring = async (images: readonly string[]) => await bringAll(context, nodeId, images, signal);
    await bring(cachesOf(request));
    const body = flagOf(request, 'pull')
      ? request.body
      : readAlong(request.body, query.get('dockerfile') ?? 'Dockerfile', async (text) => {
          await bring(imagesOfDockerfile(text, own));
        });
    const first = await forward(manager, nodeId, request, { path, body });
    const answer = session === '' ? first : retried(context, first, { nodeId, request, path, bring });
    const names = query.getAll('t').filter((name) => name !== '');
    const remark = (text: string) => ({ stream: `${text}\n` });
    return closing(followTags(context, answer, { nodeId, names, signal, remark }), begun);
  } catch (error) {
    begun[Symbol.dispose]();
    throw error;
  }
};

/** The answer, and what ends with it. */
const closing = (reply: Reply, resource: Disposable): Reply => {
  if (reply.kind !== 'stream') {
    resource[Symbol.dispose]();
    return reply;
  }
  const { chunks } = reply;
  const whole = async function* () {
    using _ = resource;
    yield* chunks;
  };
  return { ...reply, chunks: whole() };
};

/** Brings what other nodes have of these images; true when the node has any of them that it had not. What goes wrong the engine says in its way. */
const bringAll = async (
  { manager }: DockerContext,
  nodeId: string,
  images: readonly string[],
  signal: AbortSignal,
): Promise<boolean> => {
  const results = await Promise.allSettled(
    images.map(async (image) => await manager.images.ensure(nodeId, image, { signal })),
  );
  signal.throwIfAborted();
  return results.some((result) => result.status === 'fulfilled' && ['travelled', 'named'].includes(result.value.kind));
};

interface RetryOptions {
  readonly nodeId: string;
  readonly request: ApiRequest;
  readonly path: string;
  readonly bring: (images: readonly string[]) => Promise<boolean>;
}

/** BuildKit has the context from the client's session: the same request can be made again. */
const retried = ({ manager }: DockerContext, first: Reply, { nodeId, request, path, bring }: RetryOptions): Reply => {
  if (first.kind !== 'stream' || first.status >= 300 || request.query.get('version') !== '2') return first;
  const again = async () => {
    const next = await forward(manager, nodeId, request, { path, body: nothing() });
    if (next.kind === 'stream' && next.status < 300) return next.chunks;
    throw new TuttiError('internal', 'the engine refused to build again');
  };
  return { ...first, chunks: withRetry(first.chunks, bring, again) };
};

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No context: it is the session's.
}

/** Images whose layers may be used: a help that is not there is no fault. */
const cachesOf = ({ query }: ApiRequest): readonly string[] => {
  const text = query.get('cachefrom') ?? '';
  if (text === '') return [];
  try {
    const images = z.array(z.string().min(1).max(512)).max(256).nullable().parse(JSON.parse(text));
    return (images ?? []).filter((image) => !image.includes('='));
  } catch {
    return [];
  }
};

const textMap = z.record(z.string(), z.string().nullable());

const readMap = ({ query }: ApiRequest, name: string): Readonly<Record<string, string | null>> => {
  const text = query.get(name) ?? '';
  if (text === '') return {};
  try {
    const given: unknown = JSON.parse(text) ?? {};
    checkKeys(given, `the parameter ${name}`);
    return textMap.parse(given);
  } catch (cause) {
    if (cause instanceof TuttiError) throw cause;
    throw new TuttiError('invalid-argument', `the parameter ${name} is not a JSON object of texts`, { cause });
  }
};

const labelsOf = (request: ApiRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(readMap(request, 'labels')).map(([name, value]) => [name, value ?? '']));

const withArguments = (query: URLSearchParams, own: Readonly<Record<string, string | null>>): URLSearchParams => {
  const changed = new URLSearchParams(query);
  if (changed.has('buildargs')) changed.set('buildargs', JSON.stringify(own));
  return changed;
};

const openSession = async (context: DockerContext, request: ApiRequest, known: KnownDockerfiles): Promise<Reply> => {
  const { manager } = context;
  const { body, signal } = request;
  const id = headerOf(request, 'x-docker-expose-session-uuid') ?? '';
  const wanted = headerOf(request, 'upgrade') ?? '';
  if (wanted === '') throw new TuttiError('invalid-argument', 'no upgrade proto requested');
  if (wanted.toLowerCase() !== 'h2c') throw new TuttiError('invalid-argument', `protocol ${wanted} not supported`);
  if (id === '') throw new TuttiError('invalid-argument', 'the session has no id (X-Docker-Expose-Session-Uuid)');
  const nodeId = await manager.builds.openSession(id, signal);
  const bring = async (images: readonly string[]) => await bringAll(context, nodeId, images, signal);
  return await forward(manager, nodeId, request, { body: readSessionAlong(body, known, bring) });
};

/** A client that speaks with BuildKit by itself: Compose, and docker buildx. */
const openControl = async ({ manager }: DockerContext, request: ApiRequest): Promise<Reply> =>
  await forward(manager, manager.builds.openControl(request.signal), request);

const cancel = async ({ manager }: DockerContext, request: ApiRequest): Promise<Reply> => {
  const nodeId = manager.builds.nodeOf(request.query.get('id') ?? '') ?? manager.builds.defaultNode();
  return await forward(manager, nodeId, request);
};

const pruned = z.looseObject({ CachesDeleted: z.array(z.string()).nullish(), SpaceReclaimed: z.number().nullish() });

const mergePruned = (given: readonly unknown[]) => {
  const answers = given.map((answer) => pruned.parse(answer));
  return {
    CachesDeleted: [...new Set(answers.flatMap(({ CachesDeleted }) => CachesDeleted ?? []))],
    SpaceReclaimed: answers.reduce((sum, { SpaceReclaimed }) => sum + (SpaceReclaimed ?? 0), 0),
  };
};

const cacheFilters = ['until', 'id', 'parent', 'type', 'description', 'inuse', 'shared', 'private', 'unused-for'];

/** With labels, which caches have not, `docker system prune` asks as well. On all nodes: constraints may have brought builds to any of them. */
const prune = async (context: DockerContext, request: ApiRequest): Promise<Reply> =>
  await pruneEverywhere(context, request, {
    filters: [...cacheFilters, 'label', 'label!'],
    merge: mergePruned,
  });
