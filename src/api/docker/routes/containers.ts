import { TuttiError } from '../../../model/errors.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Handler, Route } from '../../http/router.ts';
import { killContainer, passChange, removeContainer, renameContainer, updateContainer } from '../containers/change.ts';
import { createExec, orRefusedSize, passExec, startExec } from '../containers/exec.ts';
import { inspectContainer } from '../containers/inspect.ts';
import { listContainers } from '../containers/list.ts';
import { createListCurrent } from '../containers/list-current.ts';
import { passOn, withQuery } from '../containers/pass.ts';
import { pruneContainers } from '../containers/prune.ts';
import { startContainer } from '../containers/start.ts';
import type { DockerContext } from '../context.ts';
import { namesFollow } from '../image-tags.ts';
import { withWarnings } from '../missing.ts';

/** What is passed on to the container's engine as it is. */
const passed = [
  ['GET', 'top'],
  ['GET', 'logs'],
  ['GET', 'changes'],
  ['GET', 'export'],
  ['GET', 'stats'],
  ['GET', 'archive'],
  ['HEAD', 'archive'],
  ['PUT', 'archive'],
  ['POST', 'attach'],
  ['GET', 'attach/ws'],
  ['POST', 'wait'],
] as const;

/** As well, and the container is not the same afterwards. */
const changing = ['stop', 'pause', 'unpause'] as const;

/** Everything about containers that are there, wherever they are, and about execs in them. */
export const containerRoutes = (context: DockerContext): readonly Route[] => {
  const { manager } = context;
  const listCurrent = createListCurrent(manager);
  return [
    ['GET', '/containers/json', (request) => listContainers(context, request, listCurrent)],
    ['POST', '/containers/prune', (request) => pruneContainers(context, request)],
    ['POST', '/commit', (request) => commitContainer(context, request)],
    ...passed.flatMap(([method, what]) =>
      onContainer(method, `/${what}`, async (request) => {
        const { reply } = await passOn(manager, request, { path: withQuery(request, `/${what}`) });
        return reply;
      }),
    ),
    ...onContainer('POST', '/resize', async (request) => {
      const passed = passOn(manager, request, { path: withQuery(request, '/resize') });
      return (await passed.catch(orRefusedSize(request))).reply;
    }),
    ...changing.flatMap((what) =>
      onContainer('POST', `/${what}`, async (request) => {
        const { reply } = await passChange(manager, request, { path: withQuery(request, `/${what}`) });
        return reply;
      }),
    ),
    ...(['start', 'restart'] as const).flatMap((what) =>
      onContainer('POST', `/${what}`, (request) => startContainer(manager, request, what)),
    ),
    ...onContainer('GET', '/json', (request) => inspectContainer(manager, request)),
    ...onContainer('POST', '/update', (request) => updateContainer(manager, request)),
    ...onContainer('POST', '/kill', (request) => killContainer(manager, request)),
    ...onContainer('POST', '/rename', (request) => renameContainer(manager, request)),
    ...onContainer('DELETE', '', (request) => removeContainer(manager, request)),
    ...onContainer('POST', '/exec', (request) => createExec(manager, request)),
    ['POST', '/exec/:id/start', (request) => startExec(manager, request)],
    ['POST', '/exec/:id/resize', (request) => passExec(manager, request).catch(orRefusedSize(request))],
    ['GET', '/exec/:id/json', (request) => passExec(manager, request)],
  ];
};

/** Clients write the slash of `node/name` as it is: a path of one part more. */
const onContainer = (method: Route[0], rest: string, handler: Handler): readonly Route[] => [
  [method, `/containers/:id${rest}`, handler],
  [method, `/containers/:node/:id${rest}`, handler],
];

/** An image of a container, which is then on the container's node, and wherever its name was in use. */
const commitContainer = async (context: DockerContext, request: ApiRequest): Promise<Reply> => {
  const reference = request.query.get('container') ?? '';
  if (reference === '') throw new TuttiError('invalid-argument', 'the container to commit is not named');
  const path = (typed: string): string => {
    const query = new URLSearchParams(request.query);
    query.set('container', typed);
    return `/commit?${query.toString()}`;
  };
  const { reply, container } = await passOn(context.manager, request, { reference, path });
  const repository = request.query.get('repo') ?? '';
  if (reply.status < 300 && repository !== '') {
    const tag = request.query.get('tag') ?? '';
    const names = [tag === '' ? repository : `${repository}:${tag}`];
    const failures = await namesFollow(context, { nodeId: container.nodeId, names, signal: request.signal });
    return withWarnings(reply, failures);
  }
  return reply;
};
