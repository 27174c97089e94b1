import { familiarImage } from '../../../core/place/image.ts';
import type { ContainerMade } from '../../../manager/manager.ts';
import { readJsonAsItIs } from '../../http/body.ts';
import type { Reply } from '../../http/reply.ts';
import { json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { containerFrom } from '../convert/container-create.ts';
import { inventName } from '../names.ts';

/** Far more than any client sends. */
const bodyLimit = 8 * 1024 * 1024;

/** `POST /containers/create`: placed by the filters and the strategy, then made by the engine of its node. */
export const containerCreateRoutes = (context: DockerContext): readonly Route[] => [
  ['POST', '/containers/create', async (request) => await create(context, request)],
];

const create = async ({ manager, random }: DockerContext, request: ApiRequest): Promise<Reply> => {
  const given = (request.query.get('name') ?? '').replace(/^\//, '');
  const platform = request.query.get('platform') ?? '';
  const spec = containerFrom(await readJsonAsItIs(request, bodyLimit), {
    name: given === '' ? inventName(random) : given,
    platform: platform === '' ? undefined : platform,
    apiVersion: request.version,
  });
  return replyOf(await manager.containers.create(spec, request.signal));
};

const replyOf = (made: ContainerMade): Reply => {
  switch (made.kind) {
    case 'made':
      return json({ Id: made.id, Warnings: [...made.warnings] }, 201);
    case 'unplaced':
      return json({ message: made.message }, 500);
    case 'no-image':
      // Clients pull it then, and ask again.
      return json({ message: `No such image: ${familiarImage(made.image)}` }, 404);
    case 'refused':
      return json({ message: made.message }, made.status);
  }
};
