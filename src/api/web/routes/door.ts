import { doorPorts } from '../../../model/cluster.ts';
import { TuttiError } from '../../../model/errors.ts';
import { doorRequest, routeRequest } from '../../../model/native.ts';
import type { DoorView, RouteView } from '../../../model/native.ts';
import { empty, json } from '../../http/reply.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { readRequest } from '../input.ts';

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** The front door: its routes, and where it is. */
export const doorRoutes = ({ manager: { commands, queries, door: told } }: WebContext): readonly Route[] => {
  const doorView = (): DoorView => {
    const { spec } = queries.cluster();
    const { http, https } = doorPorts(spec);
    const { enabled = true, constraints = [], proxyFrom = [], accessLog = false, acme } = spec.door ?? {};
    const named = acme && { directory: acme.directory, ...(acme.email !== undefined && { email: acme.email }) };
    const problems = queries.doorProblems();
    return {
      enabled,
      httpPort: http,
      httpsPort: https,
      constraints,
      accessLog,
      proxyFrom,
      ...(named && { acme: named }),
      problems,
    };
  };
  return [
    [
      'GET',
      '/routes',
      () => {
        const views: readonly RouteView[] = queries.routes();
        return json(views);
      },
    ],
    [
      'POST',
      '/routes',
      async (request) => json({ name: await commands.addRoute(await readRequest(request, routeRequest)) }, 201),
    ],
    [
      'DELETE',
      '/routes',
      async (request) => {
        const name = request.query.get('name');
        if (name === null) throw new TuttiError('invalid-argument', 'the name of the route is missing');
        await commands.removeRoute(name);
        return empty(204);
      },
    ],
    ['GET', '/door', () => json(doorView())],
    [
      'GET',
      '/door/metrics',
      async (request) => {
        const text = await told.metrics(request.signal);
        return { kind: 'text', status: 200, text, headers: { 'content-type': metricsType } };
      },
    ],
    [
      'POST',
      '/door',
      async (request) => {
        const change = await readRequest(request, doorRequest);
        const { acme: before, ...door } = queries.cluster().spec.door ?? {};
        const { acme = before, ...rest } = change;
        await commands.changeDoor({ ...door, ...rest, ...(acme && { acme }) });
        return json(doorView());
      },
    ],
  ];
};
