import { encryptionOf, overcommitOf } from '../../../model/cluster.ts';
import type { Cluster } from '../../../model/cluster.ts';
import type { ClusterView, TokensView } from '../../../model/native.ts';
import { encryptionRequest, placementRequest } from '../../../model/native.ts';
import { nodeRole } from '../../../model/node.ts';
import { json } from '../../http/reply.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { check } from '../../http/validate.ts';
import type { WebContext } from '../context.ts';
import { readRequest } from '../input.ts';

export const clusterRoutes = ({ manager, version }: WebContext): readonly Route[] => [
  [
    'GET',
    '/cluster',
    () => {
      return json(clusterView(manager.queries.cluster(), version));
    },
  ],
  [
    'POST',
    '/cluster/placement',
    async (request) => {
      const { strategy, overcommit } = await readRequest(request, placementRequest);
      const { version: row, spec } = manager.queries.cluster();
      await manager.commands.updateCluster(row, {
        ...spec,
        ...(strategy !== undefined && { strategy }),
        ...(overcommit !== undefined && { overcommit }),
      });
      return json(clusterView(manager.queries.cluster(), version));
    },
  ],
  [
    'POST',
    '/cluster/encryption',
    async (request) => {
      const { encryption, rotate } = await readRequest(request, encryptionRequest);
      const { version: row, spec } = manager.queries.cluster();
      if (encryption !== undefined) await manager.commands.updateCluster(row, { ...spec, encryption });
      if (rotate) await manager.nodes.rotateKeys(request.signal);
      return json(clusterView(manager.queries.cluster(), version));
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

const clusterView = ({ id, createdAt, spec }: Cluster, version: string): ClusterView => ({
  id,
  name: spec.name,
  version,
  createdAt,
  strategy: spec.strategy,
  overcommit: overcommitOf(spec),
  encryption: encryptionOf(spec),
});
