import type {
  ApplyView,
  CertificateView,
  ClientRequest,
  ClientView,
  ClusterView,
  EncryptionRequest,
  DoorLogView,
  DoorRequest,
  DoorView,
  EventView,
  ExplanationView,
  LogView,
  NodeRequest,
  PlacementRequest,
  NodeView,
  RemovedView,
  RouteView,
  ScaleRequest,
  ServiceView,
  StackRequest,
  StackView,
  TaskView,
  TokensView,
} from '../model/native.ts';
import type { DoctorView } from '../model/doctor.ts';
import type { RouteSpec } from '../model/route.ts';
import type { NodeRole } from '../model/node.ts';
import type { Endpoint } from './endpoint.ts';
import { readLines } from './lines.ts';
import type { Call } from './transport.ts';
import { send, sendJson } from './transport.ts';

export interface TaskQuery {
  readonly service?: string;
  readonly node?: string;
  readonly stack?: string;
  /** Also tasks that ended. */
  readonly all?: boolean;
}

/** Moments in milliseconds since the epoch. */
export interface LogQuery {
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly tail?: number;
  readonly since?: number;
}

export interface DoorLogQuery {
  readonly follow: boolean;
  readonly tail?: number;
  readonly route?: string;
}

/** Tutti's own API, typed. References are an id, a prefix of one, or a name. Throws TuttiError with the server's code. */
export interface Client {
  cluster(signal: AbortSignal): Promise<ClusterView>;
  tokens(signal: AbortSignal): Promise<TokensView>;
  rotateToken(role: NodeRole, signal: AbortSignal): Promise<{ readonly token: string }>;
  clients(signal: AbortSignal): Promise<readonly ClientView[]>;
  createClient(request: ClientRequest, signal: AbortSignal): Promise<CertificateView>;
  removeClient(id: string, signal: AbortSignal): Promise<void>;
  changePlacement(change: PlacementRequest, signal: AbortSignal): Promise<ClusterView>;
  changeEncryption(change: EncryptionRequest, signal: AbortSignal): Promise<ClusterView>;
  doctor(nodes: readonly string[], signal: AbortSignal): Promise<DoctorView>;
  routes(signal: AbortSignal): Promise<readonly RouteView[]>;
  addRoute(spec: RouteSpec, signal: AbortSignal): Promise<{ readonly name: string }>;
  removeRoute(name: string, signal: AbortSignal): Promise<void>;
  door(signal: AbortSignal): Promise<DoorView>;
  /** What is absent stays as it is. */
  changeDoor(change: DoorRequest, signal: AbortSignal): Promise<DoorView>;
  doorLog(query: DoorLogQuery, signal: AbortSignal): AsyncIterable<DoorLogView>;
  /** Prometheus' text format. */
  doorMetrics(signal: AbortSignal): Promise<string>;
  nodes(signal: AbortSignal): Promise<readonly NodeView[]>;
  node(reference: string, signal: AbortSignal): Promise<NodeView>;
  changeNode(reference: string, change: NodeRequest, signal: AbortSignal): Promise<NodeView>;
  removeNode(reference: string, force: boolean, signal: AbortSignal): Promise<void>;
  services(stack: string | undefined, signal: AbortSignal): Promise<readonly ServiceView[]>;
  service(reference: string, signal: AbortSignal): Promise<ServiceView>;
  scale(reference: string, request: ScaleRequest, signal: AbortSignal): Promise<ServiceView>;
  removeService(reference: string, signal: AbortSignal): Promise<void>;
  tasks(query: TaskQuery, signal: AbortSignal): Promise<readonly TaskView[]>;
  explain(task: string, signal: AbortSignal): Promise<ExplanationView>;
  stacks(signal: AbortSignal): Promise<readonly StackView[]>;
  planStack(request: StackRequest, signal: AbortSignal): Promise<ApplyView>;
  applyStack(request: StackRequest, signal: AbortSignal): Promise<ApplyView>;
  removeStack(name: string, signal: AbortSignal): Promise<RemovedView>;
  events(span: { readonly since?: number; readonly until?: number }, signal: AbortSignal): AsyncIterable<EventView>;
  serviceLogs(reference: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogView>;
  taskLogs(reference: string, query: LogQuery, signal: AbortSignal): AsyncIterable<LogView>;
}

/** A client of the manager at `endpoint`. It holds nothing open between calls. */
export const createClient = (endpoint: Endpoint): Client => {
  const call = <Answer>(method: Call['method'], path: string, signal: AbortSignal, body?: unknown): Promise<Answer> =>
    sendJson(endpoint, { method, path, signal, ...(body === undefined ? {} : { body }) }) as Promise<Answer>;
  async function* lines<Item>(path: string, signal: AbortSignal): AsyncGenerator<Item> {
    yield* readLines<Item>(await send(endpoint, { method: 'GET', path, signal }));
  }
  return {
    cluster: (signal) => call('GET', '/cluster', signal),
    tokens: (signal) => call('GET', '/cluster/tokens', signal),
    rotateToken: (role, signal) => call('POST', `/cluster/tokens/${role}/rotate`, signal),
    clients: (signal) => call('GET', '/clients', signal),
    createClient: (request, signal) => call('POST', '/clients', signal, request),
    removeClient: (id, signal) => call('DELETE', `/clients/${part(id)}`, signal),
    changePlacement: (change, signal) => call('POST', '/cluster/placement', signal, change),
    changeEncryption: (change, signal) => call('POST', '/cluster/encryption', signal, change),
    doctor: (nodes, signal) => call('GET', `/doctor?${nodes.map((node) => `node=${part(node)}`).join('&')}`, signal),
    routes: (signal) => call('GET', '/routes', signal),
    addRoute: (spec, signal) => call('POST', '/routes', signal, spec),
    removeRoute: (name, signal) => call('DELETE', `/routes${query({ name })}`, signal),
    door: (signal) => call('GET', '/door', signal),
    changeDoor: (change, signal) => call('POST', '/door', signal, change),
    doorLog: (filter, signal) => lines(`/door/log${query({ ...filter })}`, signal),
    doorMetrics: async (signal) => await textOf(await send(endpoint, { method: 'GET', path: '/door/metrics', signal })),
    nodes: (signal) => call('GET', '/nodes', signal),
    node: (reference, signal) => call('GET', `/nodes/${part(reference)}`, signal),
    changeNode: (reference, change, signal) => call('POST', `/nodes/${part(reference)}`, signal, change),
    removeNode: (reference, force, signal) => call('DELETE', `/nodes/${part(reference)}${query({ force })}`, signal),
    services: (stack, signal) => call('GET', `/services${query({ stack })}`, signal),
    service: (reference, signal) => call('GET', `/services/${part(reference)}`, signal),
    scale: (reference, request, signal) => call('POST', `/services/${part(reference)}/scale`, signal, request),
    removeService: (reference, signal) => call('DELETE', `/services/${part(reference)}`, signal),
    tasks: (filter, signal) => call('GET', `/tasks${query({ ...filter })}`, signal),
    explain: (task, signal) => call('GET', `/tasks/${part(task)}/explain`, signal),
    stacks: (signal) => call('GET', '/stacks', signal),
    planStack: (request, signal) => call('POST', '/stacks/plan', signal, request),
    applyStack: (request, signal) => call('POST', '/stacks/apply', signal, request),
    removeStack: (name, signal) => call('DELETE', `/stacks/${part(name)}`, signal),
    events: (span, signal) => lines(`/events${query({ ...span })}`, signal),
    serviceLogs: (reference, filter, signal) =>
      lines(`/services/${part(reference)}/logs${query({ ...filter })}`, signal),
    taskLogs: (reference, filter, signal) => lines(`/tasks/${part(reference)}/logs${query({ ...filter })}`, signal),
  };
};

const textOf = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text;
};

const part = (text: string): string => encodeURIComponent(text);

/** `?a=1&b=x` of what is set; empty when nothing is. */
const query = (values: Readonly<Record<string, string | number | boolean | undefined>>): string => {
  const set = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== false) set.set(name, value === true ? '1' : String(value));
  }
  return set.size === 0 ? '' : `?${set.toString()}`;
};
