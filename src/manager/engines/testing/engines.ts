import type { NodeId } from '../../../model/ids.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Node, NodeState } from '../../../model/node.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { Clock, Log } from '../../../platform/ports.ts';
import { createStore } from '../../../store/create.ts';
import { memoryDriver } from '../../../store/drivers/memory.ts';
import type { EngineRequest } from '../../manager.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';

interface Told {
  readonly Type: string;
  readonly Action: string;
  readonly id: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

interface Put {
  readonly id: string;
  readonly name: string;
  /** Seconds since the epoch. */
  readonly created?: number;
  readonly state?: Definitions['ContainerSummary']['State'];
  readonly status?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** As an inspection says it. */
  readonly startedAt?: string;
}

interface FakeEngine {
  readonly containers: Map<string, Definitions['ContainerSummary']>;
  readonly startedAt: Map<string, string>;
  /** Its events are late: only who asks for them has them. */
  late: boolean;
  /** Of an agent that says nothing of its time. */
  old: boolean;
  readonly history: { readonly nano: number; readonly line: string }[];
  readonly streams: Set<{ readonly push: (line: string) => void; readonly cut: () => void }>;
}

let nano = 1_700_000_000_000_000_000;

/** A store with nodes, and engines behind them that answer what the inventory asks. */
export const startFakeEngines = async (
  names: readonly string[],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
) => {
  const store = await createStore({ driver: memoryDriver(), clock });
  const engines = new Map<string, FakeEngine>();
  const execs = new Map<string, string>();
  const asked: string[] = [];
  const engineOf = (node: string): FakeEngine => {
    const engine = engines.get(node);
    if (engine === undefined) throw new TuttiError('unavailable', `no node ${node}`);
    return engine;
  };
  const state = (node: string, to: NodeState): void =>
    store.observe((soft) => soft.put('nodeStatus', node, { nodeId: node as NodeId, state: to, message: '', since: 0 }));
  for (const name of names) {
    engines.set(name, {
      containers: new Map(),
      startedAt: new Map(),
      late: false,
      old: false,
      history: [],
      streams: new Set(),
    });
    const row: Node = {
      id: name as NodeId,
      version: 0,
      createdAt: 0,
      updatedAt: 0,
      spec: { name, role: 'worker', availability: 'active' },
    };
    await store.update((transaction) => transaction.create('node', row));
    state(name, 'ready');
  }

  const answer = (node: string, path: string, signal: AbortSignal): NodeResponse => {
    const engine = engineOf(node);
    const url = new URL(path, 'http://engine');
    const { pathname } = url;
    if (pathname === '/events') return eventsAnswer(engine, url.searchParams, signal);
    if (pathname === '/images/json') return jsonOf(200, []);
    if (pathname === '/containers/json') {
      const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { readonly id?: readonly string[] };
      const all = [...engine.containers.values()];
      return jsonOf(200, filters.id === undefined ? all : all.filter(({ Id }) => filters.id?.includes(Id ?? '')));
    }
    const [, kind, reference = ''] = pathname.split('/');
    if (kind === 'exec') return execs.get(reference) === node ? jsonOf(200, { ID: reference }) : jsonOf(404, {});
    const found = [...engine.containers.values()].find(
      ({ Id, Names }) => Id === reference || Names?.includes(`/${reference}`),
    );
    return found === undefined
      ? jsonOf(404, { message: `No such container: ${reference}` })
      : jsonOf(200, { ...found, State: { StartedAt: engine.startedAt.get(found.Id ?? '') } });
  };

  return {
    store,
    clock,
    log,
    engines: {
      request: async (node: string, { path }: EngineRequest, signal: AbortSignal): Promise<NodeResponse> => {
        await Promise.resolve();
        if (!path.startsWith('/events')) asked.push(`${node} ${path}`);
        return answer(node, path, signal);
      },
    },
    /** Every question but those for events, `node path`. */
    asked,
    execs,
    state,
    put: (
      node: string,
      { id, name, created = 0, state: State = 'running', status: Status = 'Up', labels = {}, startedAt = '' }: Put,
    ): void => {
      const { containers, startedAt: times } = engineOf(node);
      const Labels = { ...labels };
      containers.set(id, { Id: id, Names: [`/${name}`], Created: created, Ports: [], Labels, State, Status });
      times.set(id, startedAt);
    },
    /** Of all engines. */
    pass: (ms: number): void => {
      nano += ms * 1e6;
    },
    /** Milliseconds since the epoch, by the engines. */
    now: (): number => Math.floor(nano / 1e6),
    set: (node: string, how: Partial<Pick<FakeEngine, 'late' | 'old'>>): void => {
      Object.assign(engineOf(node), how);
    },
    take: (node: string, id: string): void => {
      engineOf(node).containers.delete(id);
    },
    tell: (node: string, { Type, Action, id, attributes = {} }: Told): void => {
      nano += 1_000_000;
      const event = {
        Type,
        Action,
        Actor: { ID: id, Attributes: attributes },
        time: Math.floor(nano / 1e9),
        timeNano: nano,
      };
      const line = `${JSON.stringify(event)}\n`;
      const engine = engineOf(node);
      engine.history.push({ nano, line });
      if (!engine.late) for (const stream of engine.streams) stream.push(line);
    },
    cut: (node: string): void => {
      for (const stream of engineOf(node).streams) stream.cut();
    },
    /** How many streams of events are open. */
    open: (node: string): number => engineOf(node).streams.size,
    removeNode: async (node: string): Promise<void> => {
      await store.update((transaction) => transaction.delete('node', node));
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};

/** As an agent has it answered, whose clock is that of the engine: it goes on with each event. */
const eventsAnswer = (engine: FakeEngine, query: URLSearchParams, signal: AbortSignal): NodeResponse => {
  const since = query.get('since') === 'now' ? String(nano / 1e9) : query.get('since');
  const headers = engine.old ? {} : { 'tutti-now': String(Math.floor(nano / 1e6)) };
  if (query.get('until') === null) return { status: 200, headers, body: eventsOf(engine, since, signal) };
  return { status: 200, headers, body: once(engine.history.map(({ line }) => line).join('')) };
};

const jsonOf = (status: number, body: unknown): NodeResponse => ({ status, body: once(JSON.stringify(body)) });

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* eventsOf(engine: FakeEngine, since: string | null, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const queue =
    since === null ? [] : engine.history.filter(({ nano: at }) => at / 1e9 >= Number(since)).map(({ line }) => line);
  let wake = (): void => {};
  let over = false;
  const stream = {
    push: (line: string) => {
      queue.push(line);
      wake();
    },
    cut: () => {
      over = true;
      wake();
    },
  };
  engine.streams.add(stream);
  signal.addEventListener('abort', stream.cut, { once: true });
  if (signal.aborted) stream.cut();
  try {
    for (;;) {
      const line = queue.shift();
      if (over) throw new TuttiError('unavailable', 'the stream broke');
      if (line === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else yield Buffer.from(line);
    }
  } finally {
    engine.streams.delete(stream);
  }
}
