import type { ClusterEvent, LogLine, LogOptions, Manager } from '../../../manager/manager.ts';
import type { EventView, LogView } from '../../../model/native.ts';
import type { Reply } from '../../http/reply.ts';
import { stream } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { WebContext } from '../context.ts';
import { errorReply } from '../errors.ts';
import { findTask } from '../find.ts';
import { readNumber } from '../input.ts';
import type { Names } from '../views.ts';
import { logView, namesOf } from '../views.ts';

/** Streams of one JSON value per line. A fault in the middle is a last line `{"error": …}`. */
export const streamRoutes = ({ manager }: WebContext): readonly Route[] => [
  [
    'GET',
    '/events',
    (request) => {
      const events = manager.events.stream({ ...spanOf(request), signal: request.signal });
      return lines(events, (event: ClusterEvent): EventView => event);
    },
  ],
  [
    'GET',
    '/door/log',
    (request) => {
      const tail = readNumber(request, 'tail');
      const route = request.query.get('route');
      const query = {
        follow: flagOf(request, 'follow'),
        ...(tail !== undefined && { tail }),
        ...(route !== null && { route }),
      };
      return lines(manager.door.log(query, request.signal), (entry) => entry);
    },
  ],
  [
    'GET',
    '/services/:service/logs',
    (request) => {
      const { service } = manager.queries.service(paramOf(request, 'service'));
      return logs(manager, manager.logs.service(service.id, logOptions(request), request.signal));
    },
  ],
  [
    'GET',
    '/tasks/:task/logs',
    (request) => {
      const { task } = findTask(manager, paramOf(request, 'task'));
      return logs(manager, manager.logs.task(task.id, logOptions(request), request.signal));
    },
  ],
];

const spanOf = (request: ApiRequest): { readonly since?: number; readonly until?: number } => {
  const since = readNumber(request, 'since');
  const until = readNumber(request, 'until');
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
};

const logOptions = (request: ApiRequest): LogOptions => {
  const tail = readNumber(request, 'tail');
  return {
    follow: flagOf(request, 'follow'),
    stdout: true,
    stderr: true,
    timestamps: flagOf(request, 'timestamps'),
    ...spanOf(request),
    ...(tail === undefined ? {} : { tail }),
  };
};

/** Names of nodes as they are when the stream begins, and again when a line comes from a node that is not known. */
const logs = (manager: Manager, source: AsyncIterable<LogLine>): Reply => {
  let names: Names = namesOf(manager);
  return lines(source, (line): LogView => {
    if (line.task.nodeId !== undefined && names.node(line.task.nodeId) === undefined) names = namesOf(manager);
    return logView(line, names);
  });
};

const lines = <Item>(items: AsyncIterable<Item>, view: (item: Item) => unknown): Reply =>
  stream(encode(items, view), 'application/x-ndjson');

async function* encode<Item>(items: AsyncIterable<Item>, view: (item: Item) => unknown): AsyncGenerator<string> {
  try {
    for await (const item of items) yield `${JSON.stringify(view(item))}\n`;
  } catch (thrown) {
    const reply = errorReply(thrown);
    if (reply.kind === 'json') yield `${JSON.stringify(reply.body)}\n`;
  }
}
