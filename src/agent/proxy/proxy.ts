import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ProxyBackend } from '../../core/route/backends.ts';
import { proxyConfig } from '../../core/route/config.ts';
import type { ProxyCertificate, ProxyConfig } from '../../core/route/config.ts';
import { haveSameSlots, slotCommands, slotsFor } from '../../core/route/slots.ts';
import type { Slots } from '../../core/route/slots.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { TaskObservation } from '../../model/task.ts';
import { pruned } from '../network/endpoints.ts';
import type { Assignments, Wanted } from '../network/endpoints.ts';
import { createPasses } from '../network/passes.ts';
import { certificateFault } from '../../rpc/certificates/pair.ts';
import type { DoorLogOptions } from '../../rpc/door.ts';
import { every } from '../../rpc/every.ts';
import { accessLines } from './access-log.ts';
import { failedLoads, oldWorkers, readLoaded, slotsOfWorker } from './loaded.ts';
import type { ProxyHost } from './ports.ts';
import { wantedDoor } from './wanted.ts';
import type { WantedDoor } from './wanted.ts';

export interface ProxyPorts {
  readonly host: ProxyHost;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the proxy is compared whole with what it should be. Default: 30 s. */
  readonly checkMs?: number;
}

/** The front door of this node. Disposing it leaves the proxy running. */
export interface NodeProxy extends AsyncDisposable {
  /** Takes the whole set; returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** What is seen of this node's tasks counts more than what the manager knows of them. */
  observe(observation: TaskObservation): void;
  /** Resolves when what was applied until now is in force; rejects where it is refused. */
  settled(): Promise<void>;
  /** Why there is no front door here as there should be, or not all of it; undefined where nothing is wrong. */
  problem(): string | undefined;
  /** Calls when `problem` has changed. */
  subscribe(call: () => void): Disposable;
  /** Lines of the access log, a JSON object each. */
  accessLog(options: DoorLogOptions, signal: AbortSignal): AsyncIterable<string>;
  /** Prometheus' text format; empty where no proxy runs. */
  metrics(signal: AbortSignal): Promise<string>;
}

/** A command is a line, and a line of HAProxy's has room for so many characters. */
const lineLength = 8_000;
const loadMs = 10_000;
/** So many times in a row nobody listens where the proxy's master should: it is gone. */
const goneLooks = 3;

export const createProxy = (ports: ProxyPorts): NodeProxy => {
  const { host, clock, log, checkMs = 30_000 } = ports;
  let wanted: Wanted = { assignments: new Map(), observations: new Map() };
  let watching: Disposable | undefined;
  const listeners = new Set<() => void>();
  const memory: Memory = { done: undefined, refused: undefined, old: true, leftOut: new Set(), said: undefined };
  let told: string | undefined;
  /** Those who want to know of problems are told what has changed. */
  const tell = (): void => {
    const now = problemOf(memory);
    if (now === told) return;
    told = now;
    for (const call of listeners) call();
  };

  const passes = createPasses({
    clock,
    quietMs: 4,
    spacingMs: 20,
    async work(signal) {
      const now = wantedDoor(wanted);
      if (now === 'unknown' || isDeepStrictEqual(now, memory.done)) return;
      memory.done = undefined;
      if (now === 'none') await shut({ host, clock, log, memory }, signal);
      else await open({ host, clock, log, memory }, now, signal);
      memory.done = now;
      tell();
      if (now === 'none') return unwatch();
      watching ??= host.watch(() => {
        unwatch();
        look();
      });
    },
    onFault(fault, retryMs) {
      const reason = fault instanceof Error ? fault.message : String(fault);
      if (memory.said === reason) return;
      memory.said = reason;
      tell();
      log.error('the front door could not be brought up to date', { reason, retryMs });
    },
    lastRetryMs: 15_000,
  });
  /** Something may have happened to the proxy: it is looked at again. */
  const look = (): void => {
    memory.done = undefined;
    passes.request();
  };
  const unwatch = (): void => {
    watching?.[Symbol.dispose]();
    watching = undefined;
  };
  const looks = every(clock, checkMs, look);

  return {
    apply(assignments) {
      wanted = { assignments, observations: pruned(wanted.observations, assignments) };
      passes.request();
    },
    observe(observation) {
      const before = wanted.observations.get(observation.taskId);
      wanted = { ...wanted, observations: new Map(wanted.observations).set(observation.taskId, observation) };
      const { ready, state, successor } = observation;
      if (before?.ready === ready && before.state === state && before.successor === successor) return;
      passes.request();
    },
    settled: async () => await passes.settled(),
    accessLog: (options, signal) => accessLines(host, clock, options, signal),
    metrics: async (signal) => (await host.metrics(signal)) ?? '',
    problem: () => problemOf(memory),
    subscribe(call) {
      const listener = (): void => call();
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    async [Symbol.asyncDispose]() {
      looks[Symbol.dispose]();
      unwatch();
      await passes[Symbol.asyncDispose]();
    },
  };
};

interface Memory {
  /** What is in force, as far as is known. */
  done: WantedDoor | 'none' | undefined;
  /** The structure that the program did not take: not tried again until it is another. */
  refused: string | undefined;
  /** There may be workers that have been replaced and still serve. */
  old: boolean;
  /** What there is to say of certificates that cannot be used. */
  leftOut: ReadonlySet<string>;
  /** The last fault that was logged. */
  said: string | undefined;
}

interface Parts {
  readonly host: ProxyHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: Memory;
}

const problemOf = ({ said, leftOut }: Memory): string | undefined => said ?? leftOut.values().next().value;

const shut = async ({ host, log, memory }: Parts, signal: AbortSignal): Promise<void> => {
  memory.said = undefined;
  memory.leftOut = new Set();
  if ((await host.readConfig()) === undefined) return;
  if ((await readLoaded(host, signal)) !== undefined) log.info('the front door is closed');
  await host.stop('finish');
};

/** Nothing goes wrong by it on this node, and it is looked for again with the timer. */
const notInstalled = 'there is no front door on this node: haproxy is not installed; install the package haproxy';

const open = async (parts: Parts, door: WantedDoor, signal: AbortSignal): Promise<void> => {
  const { host, log, memory } = parts;
  if (!(await host.installed())) {
    if (memory.said !== notInstalled) log.warn(notInstalled);
    memory.said = notInstalled;
    return;
  }
  const loaded = await readLoaded(host, signal);
  const files = new Map<string, string>();
  const slots = slotsFor(door.backends, loaded?.slots ?? new Map());
  const config = configOf(parts, door, slots, files);
  const id = digest(config.structure);
  if (loaded?.id === id) {
    memory.refused = undefined;
    await changeServers(parts, loaded.slots, slots, signal);
    await host.writeConfig(config.text(id));
  } else if (memory.refused === id || (door.incomplete && loaded?.id !== undefined)) {
    // What serves goes on with its own routes and certificates, and with tasks that are there.
    if (loaded !== undefined) await changeServers(parts, loaded.slots, slots, signal);
    return;
  } else {
    // It serves until its successor has loaded, and on connections that are kept after that: not to tasks that have ended.
    if (loaded !== undefined) await tellWorker(door, loaded.slots, (line) => host.ask('control', line, signal));
    await host.keep(files);
    await load(parts, id, config.text(id), loaded !== undefined, signal);
    await host.forget(new Set(files.keys()));
  }
  if (memory.old) memory.old = await tellOldWorkers(host, door, signal);
  if (memory.said !== undefined) log.info('the front door is as it should be again');
  memory.said = undefined;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** `files`: gets what the configuration refers to, by path. */
const configOf = (
  { host, log, memory }: Parts,
  door: WantedDoor,
  slots: Slots,
  files: Map<string, string>,
): ProxyConfig => {
  const file = (name: string, text: string): string => {
    const path = host.pathOf(name, text);
    files.set(path, text);
    return path;
  };
  const leftOut = new Set<string>();
  const certificates = door.backends.flatMap(({ route }): ProxyCertificate[] => {
    const pem = route.certificateId === undefined ? undefined : door.certificates.get(route.certificateId);
    if (pem === undefined) return [];
    const fault = certificateFault(pem);
    if (fault === undefined) return [{ path: file('certificate.pem', pem), host: route.match.host }];
    const text = `secret ${route.options.tls} of route ${route.id} is left out: ${fault}`;
    if (!memory.leftOut.has(text)) log.warn(text);
    leftOut.add(text);
    return [];
  });
  memory.leftOut = leftOut;
  const { master: _, ...paths } = host.sockets;
  const shown = new Set(certificates.map(({ host: name }) => name));
  const backends = door.backends.map((backend) => withoutCertificate(backend, shown));
  return proxyConfig({ ...door, backends, certificates, paths, file, ...(host.user && { user: host.user }) }, slots);
};

/** Where there is no certificate to show for a route's host, nobody is sent there: it is as if none had been issued yet. */
const withoutCertificate = (backend: ProxyBackend, shown: ReadonlySet<string>): ProxyBackend => {
  const { certificateId, ...route } = backend.route;
  return certificateId === undefined || shown.has(route.match.host) ? backend : { ...backend, route };
};

/** Has a proxy that runs lead to other tasks, without a word to those who are connected. */
const changeServers = async ({ host, log }: Parts, found: Slots, wanted: Slots, signal: AbortSignal): Promise<void> => {
  const commands = slotCommands(found, wanted);
  if (commands.length === 0) return;
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last === undefined || last.length + command.length > lineLength) lines.push(command);
    else lines[lines.length - 1] = `${last};${command}`;
  }
  for (const line of lines) await host.ask('control', line, signal);
  const after = await readLoaded(host, signal);
  if (after === undefined) throw new Error('haproxy ended while its servers were changed');
  if (!haveSameSlots(after.slots, wanted)) throw new Error('haproxy did not take a change of its servers');
  log.debug('the front door leads to other tasks', { changes: commands.length });
};

/**
 * Workers that have been replaced answer one more request on each connection that is kept: they too have to know which
 * tasks there are. Gives whether there are any.
 */
const tellOldWorkers = async (host: ProxyHost, door: WantedDoor, signal: AbortSignal): Promise<boolean> => {
  const workers = await oldWorkers(host, signal);
  for (const pid of workers) {
    const found = await slotsOfWorker(host, pid, signal);
    await tellWorker(door, found, (command) => host.ask('master', `@!${pid} ${command}`, signal));
  }
  return workers.length > 0;
};

/** Has a worker that will be replaced know which tasks there are, as far as it has their routes and room for them. */
const tellWorker = async (
  door: WantedDoor,
  found: Slots,
  ask: (command: string) => Promise<unknown>,
): Promise<void> => {
  const known = door.backends.filter(({ name }) => found.has(name));
  for (const command of slotCommands(found, slotsFor(known, found))) await ask(command);
};

const load = async (
  { host, clock, log, memory }: Parts,
  id: string,
  text: string,
  runs: boolean,
  signal: AbortSignal,
): Promise<void> => {
  const checked = await host.check(text, signal);
  if (checked.kind === 'refused') {
    memory.refused = id;
    throw new Error(`haproxy refuses the configuration, what it had before goes on: ${checked.reason}`);
  }
  const before = await host.readConfig();
  await host.writeConfig(text);
  try {
    if (runs) await reload(host, clock, id, signal);
    else await begin(host, clock, id, signal);
  } catch (fault) {
    if (before !== undefined && runs) await host.writeConfig(before);
    throw fault;
  }
  memory.refused = undefined;
  memory.old = true;
  log.info(runs ? 'the front door has loaded its routes again' : 'the front door is open', { id });
};

const begin = async (host: ProxyHost, clock: Clock, id: string, signal: AbortSignal): Promise<void> => {
  const started = await host.start(signal);
  if (started.kind === 'refused') throw new Error(`haproxy does not start: ${started.reason}`);
  await loadedWithin(host, clock, id, async () => false, signal);
};

const reload = async (host: ProxyHost, clock: Clock, id: string, signal: AbortSignal): Promise<void> => {
  const failed = (await failedLoads(host, signal)) ?? 0;
  if ((await host.ask('master', 'reload', signal)) === undefined)
    throw new Error('the master of haproxy does not answer');
  const hasFailed = async (): Promise<boolean> => ((await failedLoads(host, signal)) ?? 0) > failed;
  await loadedWithin(host, clock, id, hasFailed, signal);
};

/** Waits until the proxy says that it has this configuration. */
const loadedWithin = async (
  host: ProxyHost,
  clock: Clock,
  id: string,
  failed: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> => {
  const until = clock.monotonic() + loadMs;
  let missed = 0;
  for (;;) {
    const loaded = await readLoaded(host, signal);
    if (loaded?.id === id) return;
    // Its master keeps listening while it loads: where nobody does, it was killed, and has to be started.
    const gone = loaded === undefined && (await host.ask('master', 'show proc', signal)) === undefined;
    missed = gone ? missed + 1 : 0;
    if (missed >= goneLooks) throw new Error('haproxy ended while it loaded its routes');
    if (await failed()) throw new Error('haproxy could not load its routes again, what it had goes on: see door.log');
    if (clock.monotonic() > until) throw new Error(`haproxy has not loaded its routes within ${loadMs / 1000} s`);
    await clock.sleep(25, signal);
  }
};
