import type { Manager, ServiceRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Service, ServiceSpec } from '../../../model/service.ts';
import type { Reply } from '../../http/reply.ts';
import { empty, json, jsonText } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf, paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { carryOver } from '../convert/carry.ts';
import type { ServiceOut } from '../convert/service.ts';
import { serviceRecordTo } from '../convert/service.ts';
import { sparse } from '../convert/sparse.ts';
import { lookup, lookupAsync } from '../errors.ts';
import { anyOf, labelled, prefixOf, readFilters } from '../filters.ts';
import { readVersion } from '../input.ts';
import { createKeptAnswer } from '../kept-answer.ts';
import { inventName } from '../names.ts';
import { readService } from '../service-input.ts';

export const serviceRoutes = (context: DockerContext): readonly Route[] => {
  const { manager, random } = context;
  const { commands, queries } = manager;
  const kept = createKeptAnswer();
  const keptCounted = createKeptAnswer();
  return [
    [
      'GET',
      '/services',
      (request) => {
        const text = (): string => JSON.stringify(listServices(manager, request));
        if (request.query.size === 0) return kept(queries.generation('service'), text);
        return isCountedList(request) ? keptCounted(queries.generation(...countedOf), text) : jsonText(text());
      },
    ],
    [
      'POST',
      '/services/create',
      async (request) => {
        const { spec, warnings } = await readService(request, manager, () => inventName(random));
        const created = await inDockersWords(() => commands.createService(spec));
        return json({ ID: created.id, Warnings: [...warnings, ...created.warnings] }, 201);
      },
    ],
    [
      'GET',
      '/services/:id',
      (request) => {
        const found = findService(manager, paramOf(request, 'id'));
        const defaults = flagOf(request, 'insertDefaults');
        return json(serviceRecordTo(found, { status: flagOf(request, 'status'), defaults }));
      },
    ],
    ['POST', '/services/:id/update', (request) => updateService(request, manager)],
    [
      'DELETE',
      '/services/:id',
      async (request) => {
        const id = paramOf(request, 'id');
        findService(manager, id);
        await lookupAsync('service', id, () => commands.removeService(id));
        return empty();
      },
    ],
  ];
};

/** Docker's words for a name that is taken differ for services. */
const inDockersWords = async <Value>(create: () => Promise<Value>): Promise<Value> => {
  try {
    return await create();
  } catch (thrown) {
    const { code, message } = TuttiError.from(thrown);
    if (code !== 'already-exists') throw thrown;
    throw new TuttiError(code, `name conflicts with an existing object: ${message}`, { cause: thrown });
  }
};

export const findService = ({ queries }: Manager, id: string): ServiceRecord =>
  lookup('service', id, () => queries.service(id));

const updateService = async (request: ApiRequest, manager: Manager): Promise<Reply> => {
  const { commands } = manager;
  const id = paramOf(request, 'id');
  const version = readVersion(request, 'service');
  const { service } = findService(manager, id);
  if (wantsRollback(request)) {
    const { warnings } = await commands.rollbackService(id, version);
    return json({ Warnings: [...warnings] });
  }
  const input = await readService(request, manager, () => service.spec.name);
  if (input.spec.name !== service.spec.name) {
    throw new TuttiError('not-implemented', `renaming services is not supported: ${service.spec.name}`);
  }
  const spec = withCredentials(request, service, carryOver(service.spec, input.spec));
  const { warnings } = await commands.updateService(id, version, spec);
  return json({ Warnings: [...input.warnings, ...warnings] });
};

const wantsRollback = (request: ApiRequest): boolean => {
  const rollback = request.query.get('rollback') ?? '';
  if (rollback === '') return false;
  if (rollback === 'previous') return true;
  throw new TuttiError('invalid-argument', `invalid rollback '${rollback}': only "previous" is known`);
};

/** Without a header the credentials stay: those of the service's specification, or of the one before when asked for. */
const withCredentials = (request: ApiRequest, service: Service, spec: ServiceSpec): ServiceSpec => {
  if (spec.task.pullCredentials !== undefined) return spec;
  const from = request.query.get('registryAuthFrom') ?? 'spec';
  if (from !== 'spec' && from !== 'previous-spec' && from !== '') {
    throw new TuttiError('invalid-argument', `invalid registryAuthFrom '${from}'`);
  }
  const source = from === 'previous-spec' ? service.previousSpec : service.spec;
  return { ...spec, task: { ...spec.task, ...sparse({ pullCredentials: source?.task.pullCredentials }) } };
};

/** Tables that a list of services with the counts of their tasks is made of. */
const countedOf = ['service', 'task', 'taskStatus', 'nodeStatus'] as const;

/** What `docker service ls` asks. */
const isCountedList = (request: ApiRequest): boolean => request.query.size === 1 && flagOf(request, 'status');

const listServices = ({ queries }: Manager, request: ApiRequest): readonly ServiceOut[] => {
  const passes = serviceFilter(request);
  const status = flagOf(request, 'status');
  const found = queries.services().filter(({ service }) => passes(service));
  return found.map((record) => serviceRecordTo(record, { status }));
};

const serviceFilter = (request: ApiRequest): ((service: Service) => boolean) => {
  const filters = readFilters(request, ['id', 'label', 'mode', 'name', 'runtime']);
  return ({ id, spec }) =>
    prefixOf(filters, 'id', id) &&
    prefixOf(filters, 'name', spec.name) &&
    anyOf(filters, 'mode', (mode) => mode === spec.mode.kind) &&
    anyOf(filters, 'runtime', (runtime) => runtime === 'container') &&
    labelled(filters, 'label', spec.labels);
};
