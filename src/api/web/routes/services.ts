import type { Manager, ServiceRecord } from '../../../manager/manager.ts';
import type { ServiceView } from '../../../model/native.ts';
import { scaleRequest } from '../../../model/native.ts';
import { empty, json } from '../../http/reply.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { servicesOf } from '../find.ts';
import { readRequest } from '../input.ts';
import { serviceView } from '../views.ts';

export const serviceRoutes = ({ manager }: WebContext): readonly Route[] => {
  const { commands } = manager;
  return [
    [
      'GET',
      '/services',
      (request) => json(servicesOf(manager, request.query.get('stack')).map((record) => withTasks(manager, record))),
    ],
    [
      'GET',
      '/services/:service',
      (request) => json(withTasks(manager, manager.queries.service(paramOf(request, 'service')))),
    ],
    [
      'POST',
      '/services/:service/scale',
      async (request) => {
        const { replicas } = await readRequest(request, scaleRequest);
        const { service } = manager.queries.service(paramOf(request, 'service'));
        await commands.scaleService(service.id, replicas);
        return json(withTasks(manager, manager.queries.service(service.id)));
      },
    ],
    [
      'DELETE',
      '/services/:service',
      async (request) => {
        await commands.removeService(manager.queries.service(paramOf(request, 'service')).service.id);
        return empty(204);
      },
    ],
  ];
};

const withTasks = ({ queries }: Manager, record: ServiceRecord): ServiceView =>
  serviceView(record, queries.tasksOf({ serviceId: record.service.id }));
