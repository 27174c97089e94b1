import type { LogLine, LogOptions, Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { TaskSpec } from '../../../model/service.ts';
import type { Reply } from '../../http/reply.ts';
import { stream } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { sparse } from '../convert/sparse.ts';
import { lookup } from '../errors.ts';
import { readMoment } from '../input.ts';
import { frameOf, textOf } from '../log-stream.ts';
import { findService } from './services.ts';

export const logRoutes = ({ manager }: DockerContext): readonly Route[] => [
  [
    'GET',
    '/services/:id/logs',
    (request) => {
      const { service } = findService(manager, paramOf(request, 'id'));
      const options = logOptionsOf(request);
      return logReply(request, manager.logs.service(service.id, options, request.signal), service.spec.task);
    },
  ],
  ['GET', '/tasks/:id/logs', (request) => taskLogs(request, manager)],
];

const taskLogs = (request: ApiRequest, { logs, queries }: Manager): Reply => {
  const id = paramOf(request, 'id');
  const { task } = lookup('task', id, () => queries.task(id));
  return logReply(request, logs.task(task.id, logOptionsOf(request), request.signal), task.spec);
};

const logOptionsOf = (request: ApiRequest): LogOptions => {
  const options = { stdout: flagOf(request, 'stdout'), stderr: flagOf(request, 'stderr') };
  if (!options.stdout && !options.stderr) {
    throw new TuttiError('invalid-argument', 'Bad parameters: you must choose at least one stream');
  }
  const tail = request.query.get('tail') ?? '';
  if (!/^(?:all|\d{1,9}|)$/.test(tail)) {
    throw new TuttiError('invalid-argument', 'tail value must be a positive integer or "all"');
  }
  return {
    ...options,
    follow: flagOf(request, 'follow'),
    timestamps: flagOf(request, 'timestamps'),
    ...sparse({
      since: readMoment(request, 'since'),
      until: readMoment(request, 'until'),
      tail: tail === '' || tail === 'all' ? undefined : Number(tail),
    }),
  };
};

/** A terminal's output is one raw stream; everything else is framed. */
const logReply = (request: ApiRequest, lines: AsyncIterable<LogLine>, task: TaskSpec): Reply => {
  const options = { details: flagOf(request, 'details'), timestamps: flagOf(request, 'timestamps') };
  return task.containers[0]?.tty === true
    ? stream(raw(lines, options), 'application/vnd.docker.raw-stream')
    : stream(framed(lines, options), 'application/vnd.docker.multiplexed-stream');
};

type TextOptions = Parameters<typeof textOf>[1];

async function* raw(lines: AsyncIterable<LogLine>, options: TextOptions): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield textOf(line, options);
}

async function* framed(lines: AsyncIterable<LogLine>, options: TextOptions): AsyncGenerator<Uint8Array> {
  try {
    for await (const line of lines) yield frameOf(line.stream, textOf(line, options));
  } catch (thrown) {
    yield frameOf('system', Buffer.from(`Error grabbing logs: ${TuttiError.from(thrown).message}\n`));
  }
}
