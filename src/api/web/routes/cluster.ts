import type { ClusterView, TokensView } from '../../../model/native.ts';
import { nodeRole } from '../../../model/node.ts';
import { json } from '../../http/reply.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { check } from '../../http/validate.ts';
import type { WebContext } from '../context.ts';

export const clusterRoutes = ({ manager, version }: WebContext): readonly Route[] => [
  [
    'GET',
    '/cluster',
    () => {
      const { id, createdAt, spec } = manager.queries.cluster();
      const view: ClusterView = { id, name: spec.name, version, createdAt, strategy: spec.strategy };
      return json(view);
    },
  ],
  [
    'GET',
    '/cluster/tokens',
    () => {
      const { worker, manager: managerToken } = manager.queries.cluster().joinTokens;
      const view: TokensView = { worker, manager: managerToken };
      return json(view);
    },
  ],
  [
    'POST',
    '/cluster/tokens/:role/rotate',
    async (request) => {
      const role = check(nodeRole, paramOf(request, 'role'), 'role');
      return json({ token: await manager.commands.rotateJoinToken(role) });
    },
  ],
];
