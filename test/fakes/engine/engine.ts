import type {
  ContainerEngine,
  ContainerRequest,
  EngineCallOptions,
  EngineContainerDetail,
  EngineEvent,
  EngineLogOptions,
  Health,
  OutputFrame,
} from '../../../src/agent/executor/engine.ts';
import { TuttiError } from '../../../src/model/errors.ts';
import type { ErrorCode } from '../../../src/model/errors.ts';
import type { Clock } from '../../../src/platform/ports.ts';
import { addressesOf, fakeContainer, hasLabels, hostPortsOf, listed } from './container.ts';
import type { FakeContainer } from './container.ts';
import { createPushStream } from './queue.ts';
import type { PushStream } from './queue.ts';
import { stepsOf } from './script.ts';

/** How long each call takes, in milliseconds. A function may give another time at every call. */
export type Latency = number | (() => number);

export interface FakeEngineOptions {
  readonly clock: Clock;
  /** Makes ids of containers unique among engines. */
  readonly name?: string;
  readonly api?: string;
  readonly latency?: Partial<Record<'create' | 'start' | 'stop' | 'remove' | 'list' | 'pull' | 'other', Latency>>;
  /** After this a call that got no answer fails; a ping after two seconds. */
  readonly deadlineMs?: number;
  /** Images on the disk, and those that a registry has. */
  readonly images?: Iterable<string>;
  readonly registry?: Iterable<string>;
  /** Images with a health check of their own. */
  readonly checkedImages?: Iterable<string>;
  /** How long the first health probe takes. */
  readonly healthyAfterMs?: number;
  /** Does whatever a container does when it is started, instead of its command. */
  readonly onStart?: (container: FakeContainer, engine: FakeEngine) => void;
}

/** A Docker Engine in memory, on a clock that may be virtual, with the faults that real ones have. */
export interface FakeEngine extends ContainerEngine {
  /** The same engine, its answers delivered by the caller's clock: one that died gets none. */
  connect(client: Clock): ContainerEngine;
  readonly containers: ReadonlyMap<string, FakeContainer>;
  readonly images: Set<string>;
  readonly registry: Set<string>;
  /** How often each operation was asked for. */
  readonly calls: Readonly<Record<string, number>>;
  /** The container's process ends, by itself. */
  exit(id: string, code: number, oomKilled?: boolean): void;
  /** A probe gave this. */
  setHealth(id: string, health: Health): void;
  /** Everything stops at once, unseen; containers stay, as ended. Calls fail until `powerOn`. */
  powerOff(): void;
  powerOn(): void;
  /** Calls get no answer until `resume`; containers go on. */
  hang(): void;
  resume(): void;
  /** Nothing can be written: no container is made, started or pulled. */
  setDiskFull(full: boolean): void;
  /** The next calls of this kind fail so. */
  failNext(operation: string, code: ErrorCode, message: string, times?: number): void;
  /** The stream of events breaks; what happens meanwhile is not told. */
  breakEvents(): void;
}

const defaults = { create: 30, start: 60, stop: 20, remove: 20, list: 5, pull: 500, other: 2 };

export function createFakeEngine(options: FakeEngineOptions): FakeEngine {
  const { clock } = options;
  const name = options.name ?? 'fake';
  const containers = new Map<string, FakeContainer>();
  const images = new Set(options.images);
  const registry = new Set(options.registry);
  const checked = new Set(options.checkedImages);
  const streams = new Set<{ readonly labels: readonly string[]; readonly stream: PushStream<EngineEvent> }>();
  const networks = new Map<string, Set<string>>();
  const calls: Record<string, number> = {};
  const failures = new Map<string, { readonly code: ErrorCode; readonly message: string; times: number }>();
  let count = 0;
  let epoch = 0;
  let powered = true;
  let full = false;
  let resumers: (() => void)[] | undefined;

  const tell = (
    container: FakeContainer,
    what: Pick<EngineEvent, 'kind'> & Partial<Record<'exitCode' | 'health', unknown>>,
  ): void => {
    const attributes = container.body.Labels ?? {};
    const event = { id: container.id, attributes, ...what } as EngineEvent;
    for (const { labels, stream } of streams) if (hasLabels(attributes, labels)) stream.push(event);
  };

  const unreachable = (): TuttiError => new TuttiError('unavailable', `cannot reach the Docker Engine ${name}`);

  /** Waits out a hang, at most until the deadline. */
  const answered = async (operation: string): Promise<void> => {
    if (resumers === undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadlineMs = operation === 'ping' ? 2_000 : (options.deadlineMs ?? 30_000);
    const fail = (): void =>
      reject(
        new TuttiError('deadline-exceeded', `the Docker Engine did not answer ${operation} within ${deadlineMs} ms`),
      );
    const timer = clock.after(deadlineMs, fail);
    resumers.push(resolve);
    await promise;
    timer.cancel();
  };

  /** One call: its time, its faults, then what it does. The effect comes in the middle: an answer may be lost after it. */
  const call = async <Value>(
    client: Clock,
    operation: string,
    kind: keyof typeof defaults,
    { signal }: EngineCallOptions,
    effect: () => Value,
  ): Promise<Value> => {
    calls[operation] = (calls[operation] ?? 0) + 1;
    const began = epoch;
    const latency = options.latency?.[kind] ?? defaults[kind];
    const half = (typeof latency === 'function' ? latency() : latency) / 2;
    const alive = (): void => {
      if (!powered || epoch !== began) throw unreachable();
    };
    alive();
    await clock.sleep(half, signal);
    await answered(operation);
    alive();
    const failure = failures.get(operation);
    if (failure !== undefined && failure.times > 0) {
      failure.times -= 1;
      throw new TuttiError(failure.code, failure.message);
    }
    const value = effect();
    await client.sleep(half, signal);
    alive();
    return value;
  };

  const find = (id: string): FakeContainer => {
    const container = containers.get(id);
    if (container === undefined) throw new TuttiError('not-found', `No such container: ${id}`);
    return container;
  };

  const requireDisk = (): void => {
    if (full) throw new TuttiError('resource-exhausted', 'write /var/lib/docker: no space left on device');
  };

  const end = (container: FakeContainer, code: number, oomKilled = false): void => {
    if (container.state !== 'running') return;
    for (const timer of container.timers) timer.cancel();
    container.timers = [];
    container.state = 'exited';
    container.exitCode = code;
    container.oomKilled = oomKilled;
    if (oomKilled) tell(container, { kind: 'oom' });
    tell(container, { kind: 'died', exitCode: code });
    wakeWatchers(container);
  };

  const setHealth = (container: FakeContainer, health: Health): void => {
    if (container.state !== 'running' || container.health === health) return;
    container.health = health;
    tell(container, { kind: 'health', health });
  };

  const runScript = (container: FakeContainer): void => {
    const { Entrypoint: entrypoint = [], Cmd: command = [] } = container.body;
    let at = 0;
    for (const step of stepsOf([...entrypoint, ...command])) {
      if (step.kind === 'sleep') at += step.ms;
      else if (step.kind === 'exit') {
        container.timers.push(clock.after(at, () => end(container, step.code)));
        break;
      } else {
        const print = (): void => {
          container.output.push({ stream: step.stream, data: Buffer.from(step.text) });
          wakeWatchers(container);
        };
        container.timers.push(clock.after(at, print));
      }
    }
  };

  const begin = (container: FakeContainer): boolean => {
    if (container.state === 'running') return false;
    requireDisk();
    const others = [...containers.values()].filter((other) => other !== container && other.state === 'running');
    const addresses = new Set(others.flatMap(addressesOf));
    if (addressesOf(container).some((address) => addresses.has(address))) {
      throw new TuttiError('permission-denied', 'Address already in use');
    }
    const ports = new Set(others.flatMap(hostPortsOf).map(({ protocol, published }) => `${protocol}/${published}`));
    const taken = hostPortsOf(container).find(({ protocol, published }) => ports.has(`${protocol}/${published}`));
    if (taken !== undefined) {
      throw new TuttiError('internal', `Bind for 0.0.0.0:${taken.published} failed: port is already allocated`);
    }
    container.state = 'running';
    container.exitCode = undefined;
    const test = container.body.Healthcheck?.Test ?? [];
    const hasCheck = test.length > 0 ? test[0] !== 'NONE' : checked.has(container.body.Image ?? '');
    container.health = hasCheck ? 'starting' : 'none';
    tell(container, { kind: 'started' });
    if (hasCheck) {
      const healthy = (): void => setHealth(container, test[1] === 'false' ? 'unhealthy' : 'healthy');
      container.timers.push(clock.after(options.healthyAfterMs ?? 100, healthy));
    }
    if (options.onStart === undefined) runScript(container);
    else options.onStart(container, engine);
    return true;
  };

  const create = (containerName: string, body: ContainerRequest): { id: string } => {
    requireDisk();
    const mounted = (body.HostConfig?.Mounts ?? []).flatMap(({ Type, Source = '' }) =>
      Type === 'image' ? Source : [],
    );
    for (const image of [body.Image ?? '', ...mounted]) {
      if (!images.has(image)) throw new TuttiError('not-found', `No such image: ${image}`);
    }
    for (const other of containers.values()) {
      if (other.name !== containerName) continue;
      throw new TuttiError(
        'conflict',
        `Conflict. The container name "/${containerName}" is already in use by container "${other.id}".`,
      );
    }
    count += 1;
    const container = fakeContainer(`${name}-${String(count).padStart(8, '0')}`, containerName, structuredClone(body));
    containers.set(container.id, container);
    tell(container, { kind: 'created' });
    return { id: container.id };
  };

  const connect = (client: Clock): ContainerEngine => ({
    ping: (asked = {}) => call(client, 'ping', 'other', asked, () => undefined),
    version: (asked = {}) =>
      call(client, 'version', 'other', asked, () => ({
        api: options.api ?? '1.51',
        os: 'linux',
        architecture: 'amd64',
      })),
    listContainers: (labels, asked = {}) =>
      call(client, 'list', 'list', asked, () => {
        const all = [...containers.values()].map(listed);
        return all.filter((container) => hasLabels(container.labels, labels));
      }),
    inspectContainer: (id, asked = {}) => call(client, 'inspect', 'other', asked, () => detail(find(id))),
    createContainer: (containerName, body, asked = {}) =>
      call(client, 'create', 'create', asked, () => create(containerName, body)),
    startContainer: (id, asked = {}) => call(client, 'start', 'start', asked, () => begin(find(id))),
    stopContainer: (id, _graceSeconds, asked = {}) =>
      call(client, 'stop', 'stop', asked, () => {
        const container = find(id);
        if (container.state !== 'running') return false;
        end(container, 0);
        return true;
      }),
    removeContainer: (id, asked = {}) =>
      call(client, 'remove', 'remove', asked, () => {
        const container = containers.get(id);
        if (container === undefined) return false;
        end(container, 137);
        containers.delete(id);
        tell(container, { kind: 'removed' });
        return true;
      }),
    connectNetwork: (network, id, _endpoint, asked = {}) =>
      call(client, 'connect', 'other', asked, () => {
        find(id);
        networks.set(id, (networks.get(id) ?? new Set()).add(network));
      }),
    imageHasHealthcheck: (image, asked = {}) =>
      call(client, 'image', 'other', asked, () => {
        if (!images.has(image)) throw new TuttiError('not-found', `No such image: ${image}`);
        return checked.has(image);
      }),
    pullImage: (image, asked = {}) =>
      call(client, 'pull', 'pull', asked, () => {
        requireDisk();
        if (!registry.has(image))
          throw new TuttiError('not-found', `manifest for ${image} not found: manifest unknown`);
        asked.onProgress?.('Downloading');
        images.add(image);
      }),
    async *events({ labels, signal, onOpen }) {
      calls['events'] = (calls['events'] ?? 0) + 1;
      if (!powered) throw unreachable();
      await clock.sleep(1, signal);
      await answered('events');
      const stream = createPushStream<EngineEvent>(signal, () => streams.delete(subscription));
      const subscription = { labels, stream };
      streams.add(subscription);
      onOpen?.();
      for await (const event of stream) {
        await client.sleep(0, signal);
        yield event;
      }
    },
    logs: (id, asked = {}) => outputOf(find, id, asked),
  });

  const engine: FakeEngine = {
    ...connect(clock),
    connect,
    containers,
    images,
    registry,
    calls,
    exit: (id, code, oomKilled) => end(find(id), code, oomKilled),
    setHealth: (id, health) => setHealth(find(id), health),
    powerOff() {
      powered = false;
      epoch += 1;
      engine.breakEvents();
      for (const container of containers.values()) end(container, 137);
    },
    powerOn: () => void (powered = true),
    hang: () => void (resumers ??= []),
    resume() {
      const waiting = resumers ?? [];
      resumers = undefined;
      for (const resolve of waiting) resolve();
    },
    setDiskFull: (isFull) => void (full = isFull),
    failNext: (operation, code, message, times = 1) => void failures.set(operation, { code, message, times }),
    breakEvents() {
      for (const { stream } of streams) stream.fail(new TuttiError('unavailable', 'the stream of events ended'));
      streams.clear();
    },
  };
  return engine;
}

function wakeWatchers({ watchers }: FakeContainer): void {
  for (const wake of watchers.splice(0)) wake();
}

function detail(container: FakeContainer): EngineContainerDetail {
  const { error, oomKilled, state } = container;
  return {
    ...listed(container),
    pid: state === 'running' ? 1 : 0,
    error,
    oomKilled,
    hostPorts: hostPortsOf(container),
  };
}

async function* outputOf(
  find: (id: string) => FakeContainer,
  id: string,
  { follow, tail, stdout = true, stderr = true, signal }: EngineLogOptions,
): AsyncGenerator<OutputFrame> {
  const container = find(id);
  const wanted = ({ stream }: OutputFrame): boolean => (stream === 'stdout' ? stdout : stderr);
  let next = tail === undefined ? 0 : Math.max(0, container.output.length - tail);
  for (;;) {
    for (; next < container.output.length; next += 1) {
      const frame = container.output[next];
      if (frame !== undefined && wanted(frame)) yield frame;
    }
    if (follow !== true || container.state !== 'running') return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    container.watchers.push(resolve);
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    await promise;
  }
}
