import { TestCluster } from '../../../manager/testing/cluster.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { createDockerApi } from '../api.ts';

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The dialect over a manager in memory, called without a socket. */
export interface Harness extends AsyncDisposable {
  readonly cluster: TestCluster;
  call(method: string, target: string, options?: CallOptions): Promise<Reply>;
  /** The JSON of an answer; throws when it is an error. */
  read(method: string, target: string, options?: CallOptions): Promise<unknown>;
  /** The status and message of an answer. */
  fail(method: string, target: string, options?: CallOptions): Promise<{ status: number; message: string }>;
}

type Starting = NonNullable<Parameters<typeof TestCluster.start>[0]>;

export const startHarness = async (
  gateway?: Starting['gateway'],
  requests?: Starting['requests'],
): Promise<Harness> => {
  const cluster = await TestCluster.start({
    nodes: 0,
    ...(gateway === undefined ? {} : { gateway }),
    ...(requests === undefined ? {} : { requests }),
  });
  await cluster.addNode('node1', { role: 'manager' });
  await cluster.addNode('node2');
  await cluster.settle();
  const { clock, manager } = cluster;
  const random = { id: () => 'abcdefghijklmnopqrstuvwxy', number: () => 0.5 };
  const api = createDockerApi({ manager, clock, random, version: '0.1.0' });
  const call: Harness['call'] = async (method, target, options = {}) => {
    const reply = await api(requestOf(method, target, options));
    await cluster.settle();
    return reply;
  };
  return {
    cluster,
    call,
    read: async (method, target, options) => {
      const reply = await call(method, target, options);
      if (reply.status >= 300) throw new Error(`${reply.status}: ${JSON.stringify(reply)}`);
      // As a client gets it: without what is undefined.
      if (reply.kind === 'json') return JSON.parse(JSON.stringify(reply.body)) as unknown;
      if (reply.kind === 'bytes') return JSON.parse(Buffer.from(reply.bytes).toString()) as unknown;
      const isJson = reply.kind === 'text' && reply.headers?.['content-type'] === 'application/json';
      return isJson ? (JSON.parse(reply.text) as unknown) : undefined;
    },
    fail: async (method, target, options) => {
      const reply = await call(method, target, options);
      const body = reply.kind === 'json' ? (reply.body as { readonly message?: string }) : {};
      return { status: reply.status, message: body.message ?? '' };
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
};

const requestOf = (method: string, target: string, options: CallOptions): ApiRequest => {
  const { pathname, search } = new URL(target, 'http://docker');
  const raw = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  return {
    method,
    path: pathname,
    params: {},
    query: new URLSearchParams(search),
    headers: options.headers ?? {},
    body: bodyOf(raw),
    signal: options.signal ?? new AbortController().signal,
  };
};

async function* bodyOf(raw: string | Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (raw !== undefined) yield typeof raw === 'string' ? Buffer.from(raw) : raw;
}

/** Everything that a stream says. */
export const drain = async (reply: Reply): Promise<Buffer> => {
  if (reply.kind !== 'stream') throw new Error(`not a stream: ${JSON.stringify(reply)}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.chunks) chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks);
};

/** What `docker service create --name NAME IMAGE` sends. */
export const serviceBody = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  Name: name,
  Labels: null,
  TaskTemplate: {
    ContainerSpec: { Image: 'nginx:latest', Init: false, DNSConfig: {} },
    Resources: { Limits: {}, Reservations: {} },
    Placement: {},
    ForceUpdate: 0,
  },
  Mode: { Replicated: { Replicas: 2 } },
  EndpointSpec: { Mode: 'vip' },
  ...more,
});
