import type { Manager, NodeRecord } from '../../../manager/manager.ts';
import type { NodeView } from '../../../model/native.ts';
import { nodeRequest } from '../../../model/native.ts';
import { empty, json } from '../../http/reply.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { readRequest } from '../input.ts';
import { nodeView } from '../views.ts';

export const nodeRoutes = ({ manager }: WebContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    ['GET', '/nodes', () => json(queries.nodes().map((record) => withTasks(manager, record)))],
    ['GET', '/nodes/:node', (request) => json(withTasks(manager, queries.node(paramOf(request, 'node'))))],
    [
      'POST',
      '/nodes/:node',
      async (request) => {
        const change = await readRequest(request, nodeRequest);
        const { node } = queries.node(paramOf(request, 'node'));
        const spec = {
          ...node.spec,
          ...(change.availability === undefined ? {} : { availability: change.availability }),
          ...(change.role === undefined ? {} : { role: change.role }),
        };
        await commands.updateNode(node.id, node.version, spec);
        return json(withTasks(manager, queries.node(node.id)));
      },
    ],
    [
      'DELETE',
      '/nodes/:node',
      async (request) => {
        await commands.removeNode(paramOf(request, 'node'), flagOf(request, 'force'));
        return empty(204);
      },
    ],
  ];
};

const withTasks = ({ queries }: Manager, record: NodeRecord): NodeView => {
  const tasks = queries.tasksOf({ nodeId: record.node.id });
  return nodeView(record, tasks.filter(({ status }) => status.state === 'running').length);
};
