import * as fc from 'fast-check';
import type { NodeRequests, NodeResponse } from '../../../rpc/transport.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Reply } from '../../http/reply.ts';
import { endpointsOf } from './contract/endpoints.ts';
import type { Endpoint } from './contract/endpoints.ts';
import { startHarness } from './call.ts';
import type { Harness } from './call.ts';

/** A request that may make sense, or not. */
export interface FuzzedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw?: string | Uint8Array;
}

/** What there is in the harness, what could be, and what should not. */
const names = fc.oneof(
  fc.constantFrom('web', 'node1', 'node2', 'ingress', 'front', 'key', 'data', 'node1/data', 'nothing', 'self', 'web.1'),
  fc.constantFrom(
    '',
    '.',
    '..',
    '../../etc/passwd',
    '%2e%2e',
    'a b',
    'a%00b',
    '%',
    '__proto__',
    'constructor',
    '*',
    '"',
    '{}',
  ),
  fc.constantFrom(
    'x'.repeat(300),
    'ü',
    '💥',
    '\u202e',
    'sha256:',
    `sha256:${'0'.repeat(64)}`,
    'a/b/c:1@sha256:0',
    '~',
    '-1',
  ),
  fc.string({ maxLength: 20 }),
);

const scalars = fc.oneof(
  names,
  fc.constantFrom(
    '0',
    '1',
    '-1',
    'true',
    'false',
    'yes',
    'NaN',
    '1e309',
    '1.5',
    '9007199254740993',
    '1700000000.123456789',
  ),
  fc.constantFrom('2020-01-01T00:00:00Z', 'yesterday', '10m', 'json', 'eyJ9', Buffer.from('{}').toString('base64')),
);

const filterNames = fc.constantFrom(
  'name',
  'id',
  'label',
  'label!',
  'node',
  'type',
  'status',
  'driver',
  'dangling',
  'scope',
  'until',
  'before',
  'since',
  'reference',
  'service',
  'desired-state',
  'mode',
  'role',
  'event',
  'container',
  'image',
  'volume',
  '__proto__',
);

const filters = fc.oneof(
  fc.dictionary(filterNames, fc.oneof(fc.array(scalars, { maxLength: 3 }), fc.dictionary(scalars, fc.boolean()))),
  fc.jsonValue({ maxDepth: 3 }),
);

const parameterOf = (name: string): fc.Arbitrary<string> =>
  name === 'filters'
    ? fc.oneof(
        filters.map((value) => JSON.stringify(value)),
        scalars,
      )
    : scalars;

const queryOf = ({ parameters = [] }: Endpoint): fc.Arbitrary<string> => {
  const known = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const one = fc
    .oneof({ weight: 5, arbitrary: fc.constantFrom(...known, 'filters') }, { weight: 1, arbitrary: names })
    .chain((name) => parameterOf(name).map((value) => [name, value] as const));
  return fc.array(one, { maxLength: 4 }).map((pairs) => {
    const text = pairs.map(
      ([name, value]) => `${encodeURIComponent(wellFormed(name))}=${encodeURIComponent(wellFormed(value))}`,
    );
    return text.length === 0 ? '' : `?${text.join('&')}`;
  });
};

/** Half a character cannot be encoded. */
const wellFormed = (text: string): string => text.toWellFormed();

const plausible: readonly unknown[] = [
  { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'app:1' } }, Mode: { Replicated: { Replicas: 1 } } },
  { Name: 'key', Data: 'c2VjcmV0', Labels: { a: 'b' } },
  { Name: 'front', Driver: 'overlay', IPAM: { Config: [{ Subnet: '10.77.0.0/16' }] } },
  { Name: 'data', Driver: 'local', DriverOpts: {}, Labels: {} },
  {
    Image: 'app:1',
    Cmd: ['true'],
    Env: ['constraint:node==node1', 'A=b'],
    HostConfig: { Binds: ['data:/data'], Memory: 4 },
  },
  { Role: 'worker', Availability: 'active', Labels: {} },
  { Container: 'web', EndpointConfig: { Aliases: ['a'] } },
  { AttachStdin: true, Cmd: ['sh'], Detach: false, Tty: true },
];

/** A document with one of its values replaced, at whatever depth. */
const bent = (document: unknown): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.nat(30), fc.oneof(scalars, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 1e300, 0.5, null, [])))
    .map(([at, value]) => {
      let left = at;
      const walk = (node: unknown): unknown => {
        left -= 1;
        if (left === 0) return value;
        if (Array.isArray(node)) return node.map(walk);
        if (typeof node !== 'object' || node === null) return node;
        return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item)]));
      };
      return walk(document);
    });

const bodies: fc.Arbitrary<string | Uint8Array | undefined> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...plausible)
      .chain(bent)
      .map((value) => JSON.stringify(value)),
  },
  { weight: 2, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...plausible).map((value) => JSON.stringify(value).slice(0, -3)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom('', 'null', '[]', '{', '['.repeat(5000), `"${'a'.repeat(100_000)}"`) },
  { weight: 2, arbitrary: fc.constant(undefined) },
);

const headerSets = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: scalars.map((value) => ({
      'x-registry-auth': wellFormed(value),
      'x-registry-config': '{"a":',
      'content-type': wellFormed(value),
    })),
  },
);

const versions = fc.constantFrom('', '', '/v1.24', '/v1.41', '/v1.51', '/v9.99', '/v1', '/v01.41');

/** Requests over the whole surface of the specification, and beside it. */
export const requests = (): fc.Arbitrary<FuzzedRequest> => {
  const endpoints = endpointsOf();
  return fc.constantFrom(...endpoints).chain((endpoint) =>
    fc
      .record({
        method: fc.oneof(
          { weight: 9, arbitrary: fc.constant(endpoint.method) },
          { weight: 1, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS') },
        ),
        version: versions,
        fill: fc.array(names, { minLength: 2, maxLength: 2 }),
        isEncoded: fc.boolean(),
        query: queryOf(endpoint),
        headers: headerSets,
        raw: bodies,
      })
      .map(({ method, version, fill, isEncoded, query, headers, raw }) => {
        let used = 0;
        const path = endpoint.path.replace(/\{\w+\}/g, () => {
          const name = wellFormed(fill[used++] ?? '');
          return isEncoded ? encodeURIComponent(name) : name;
        });
        return { method, target: `${version}${path}${query}`, headers, ...(raw !== undefined && { raw }) };
      }),
  );
};

/** Texts of faults that are ours, not the client's. */
const bugs =
  /Cannot (?:read|set|convert|destructure)|is not (?:a function|iterable|a constructor|defined)|undefined|\[object |\n {4}at /;

/** What is wrong with an answer; undefined: nothing. */
export const faultOf = async (reply: Reply, isGone: AbortController): Promise<string | undefined> => {
  if (reply.status < 100 || reply.status > 599) return `status ${reply.status}`;
  if (reply.kind === 'stream' || reply.kind === 'upgraded') {
    const iterator = reply.chunks[Symbol.asyncIterator]();
    const first = iterator.next().then(
      () => undefined,
      (thrown: unknown) => (bugs.test(TuttiError.from(thrown).message) ? String(thrown) : undefined),
    );
    isGone.abort(new DOMException('the client hung up', 'AbortError'));
    const fault = await first;
    await iterator.return?.()?.then(undefined, () => undefined);
    return fault;
  }
  if (reply.status < 400) return undefined;
  if (reply.kind === 'text' || reply.kind === 'bytes' || reply.kind === 'empty') return undefined;
  const { message } = reply.body as { readonly message?: unknown };
  if (typeof message !== 'string' || message === '') return `no message in ${JSON.stringify(reply.body)}`;
  if (message.length > 10_000) return `a message of ${message.length} characters`;
  return bugs.test(message) && reply.status >= 500 ? message : undefined;
};

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Engines that know nothing, refuse, or are not there, in turns. */
const engines = (): NodeRequests => {
  let turn = 0;
  const answers: readonly (() => NodeResponse)[] = [
    () => ({ status: 404, body: once('{"message":"No such thing: nothing"}') }),
    () => ({ status: 500, body: once('{"message":"no space left on device"}') }),
    () => ({ status: 409, body: once('not JSON') }),
    () => {
      throw new TuttiError('unavailable', 'node is not connected');
    },
  ];
  return {
    request: async (_node, request) => {
      for await (const _ of request.body ?? []) break;
      return (answers[turn++ % answers.length] ?? (() => ({ status: 200, body: once('') })))();
    },
  };
};

export interface FuzzTarget extends AsyncDisposable {
  readonly docker: Harness;
  /** Throws when a request is answered as none should be. */
  check(request: FuzzedRequest): Promise<void>;
}

/** A longest time for one answer, real; the cluster's own clock is moved on with it. */
const deadlineMs = 5_000;

/** The dialect with some objects in it, over engines that are of no help. */
export const startFuzzTarget = async (): Promise<FuzzTarget> => {
  const docker = await startHarness(undefined, engines());
  const service = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'app:1' } } };
  await docker.call('POST', '/services/create', { body: service });
  await docker.call('POST', '/secrets/create', { body: { Name: 'key', Data: 'c2VjcmV0' } });
  await docker.call('POST', '/networks/create', { body: { Name: 'front', Driver: 'overlay' } });
  await docker.call('POST', '/volumes/create', { body: { Name: 'data' } });
  return {
    docker,
    check: async ({ method, target, headers, raw }) => {
      const isGone = new AbortController();
      const options = { headers, signal: isGone.signal, ...(raw !== undefined && { raw }) };
      // What waits for an engine waits on the cluster's clock.
      const hurry = setInterval(() => docker.cluster.clock.advance(10_000), 50);
      const late = setTimeout(() => isGone.abort(new DOMException('late', 'TimeoutError')), deadlineMs);
      try {
        const fault = await faultOf(await docker.call(method, target, options), isGone);
        if (isGone.signal.reason?.name === 'TimeoutError') throw new Error(`no answer within ${deadlineMs} ms`);
        if (fault !== undefined) throw new Error(fault);
      } finally {
        clearInterval(hurry);
        clearTimeout(late);
      }
    },
    [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
  };
};

/** Throws with the first request, made as small as it can be, that is not answered as it should be. */
export const fuzz = async (options: { readonly seed: number; readonly runs: number }): Promise<void> => {
  await using target = await startFuzzTarget();
  const property = fc.asyncProperty(requests(), async (request) => await target.check(request));
  await fc.assert(property, { seed: options.seed, numRuns: options.runs, endOnFailure: false });
  const alive = await target.docker.call('GET', '/_ping');
  if (alive.status !== 200) throw new Error(`after it, /_ping answers ${alive.status}`);
};
