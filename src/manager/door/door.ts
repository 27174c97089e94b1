import { backendName } from '../../core/route/backends.ts';
import { mergeMetrics } from '../../core/route/metrics.ts';
import type { NodeMetrics } from '../../core/route/metrics.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { Node } from '../../model/node.ts';
import type { DoorLogView } from '../../model/native.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import { formatDoorLogPath, formatDoorMetricsPath } from '../../rpc/door.ts';
import type { DoorLogOptions } from '../../rpc/door.ts';
import { linesOf } from '../../rpc/lines.ts';
import { Merge } from '../../rpc/merge.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { Store, View } from '../../store/store.ts';
import { clusterOf } from '../commands/cluster.ts';
import { readAnswer } from '../engines/ask.ts';
import type { Door, DoorLogQuery } from '../ports/door.ts';
import { clusterRoutes, routeSources } from '../routes.ts';
import { isDoorNode } from '../service/door-nodes.ts';
import { readEntry } from './entry.ts';
import { inOrder } from './in-order.ts';

export interface DoorPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly requests: NodeRequests;
  readonly clock: Clock;
  readonly log: Log;
}

/** A node that is back may not answer requests yet. */
const retryMs = 500;
const metricsMs = 5_000;
const metricsBytes = 16 * 1024 * 1024;
const lineLength = 64 * 1024;
const tooLong = (): Error => new TuttiError('corrupt', 'a line of an access log is longer than can be');

export const createDoor = (ports: DoorPorts): Door => ({
  log: (query, signal) => {
    const { view } = ports.store;
    const options = optionsOf(view, query);
    if (clusterOf(view).spec.door?.accessLog !== true) {
      throw new TuttiError('conflict', 'requests are not logged: "tutti door --access-log on" has them logged');
    }
    if (query.follow) return followed(ports, options, signal);
    const sources = doorNodes(view).map((node) => oneNode(ports, node, options, signal));
    return inOrder(sources, (left, right) => timeOf(left) - timeOf(right));
  },
  metrics: async (signal) => {
    const found = await Promise.all(
      doorNodes(ports.store.view).map(async (node) => await metricsOf(ports, node, signal)),
    );
    return mergeMetrics(found.flatMap((one) => one ?? []));
  },
});

const timeOf = (entry: DoorLogView): number => ('time' in entry ? entry.time : 0);

const optionsOf = (view: View, { follow, tail, route }: DoorLogQuery): DoorLogOptions => {
  const asked = { follow, ...(tail !== undefined && { tail }) };
  if (route === undefined) return asked;
  const backend = Array.from(routeNames(view)).find(([, name]) => name === route)?.[0];
  if (backend === undefined)
    throw new TuttiError('not-found', `there is no route ${route}: "tutti route ls" lists them`);
  return { ...asked, backend };
};

/** The routes' names by what proxies call them. */
const routeNames = (view: View): ReadonlyMap<string, string> =>
  new Map(clusterRoutes(view, routeSources(view)).map(({ merged: { name } }) => [backendName(name), name]));

const doorNodes = (view: View): readonly Node[] => {
  const cluster = clusterOf(view);
  return Array.from(view.list('node')).filter((node) => isDoorNode(cluster, node));
};

/** What one node has logged; its last word is why it can tell no more, where that is so. */
async function* oneNode(
  { store, requests }: DoorPorts,
  node: Node,
  options: DoorLogOptions,
  signal: AbortSignal,
): AsyncGenerator<DoorLogView> {
  const name = nodeName(node);
  try {
    const { status, body } = await requests.request(node.id, { path: formatDoorLogPath(options) }, signal);
    if (status !== 200) throw new TuttiError('unavailable', await readAnswer({ body }, 4096));
    let names = routeNames(store.view);
    let askedAgain = false;
    for await (const line of linesOf(body, lineLength, tooLong)) {
      let entry = readEntry(line, name, names);
      if (entry === undefined) continue;
      if (entry.route === undefined && !askedAgain) {
        // Routes may have come since; what is dropped has none, and they are not looked up for each such request.
        names = routeNames(store.view);
        entry = readEntry(line, name, names) ?? entry;
        askedAgain = true;
      } else if (entry.route !== undefined) askedAgain = false;
      yield entry;
    }
  } catch (thrown) {
    signal.throwIfAborted();
    yield { node: name, problem: TuttiError.from(thrown).message };
  }
}

/** All nodes as they come, those that join meanwhile included, each again when it is back. */
async function* followed(ports: DoorPorts, options: DoorLogOptions, signal: AbortSignal): AsyncGenerator<DoorLogView> {
  const { store, log } = ports;
  await using merge = new Merge<DoorLogView>(signal, (error) =>
    log.warn('the access log of a node ended early', { error: TuttiError.from(error).message }),
  );
  const opened = new Set<string>();
  const open = (from: DoorLogOptions): void => {
    for (const node of doorNodes(store.view)) {
      if (opened.has(node.id)) continue;
      opened.add(node.id);
      merge.add((ending) => againAndAgain(ports, node, from, opened, ending));
    }
  };
  const { tail: _tail, ...later } = options;
  const tables = new Set(['node', 'cluster']);
  using _ = store.subscribe(({ changes }) => {
    if (changes.some(({ table }) => tables.has(table))) open(later);
  });
  open(options);
  yield* merge.items();
}

async function* againAndAgain(
  ports: DoorPorts,
  node: Node,
  options: DoorLogOptions,
  opened: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<DoorLogView> {
  const { store, clock } = ports;
  let told: string | undefined;
  let heard = false;
  for (;;) {
    // What was told before a cut is not told again.
    const asked: DoorLogOptions = heard ? { ...options, tail: 0 } : options;
    for await (const entry of oneNode(ports, node, asked, signal)) {
      const problem: string | undefined = 'problem' in entry ? entry.problem : undefined;
      heard ||= problem === undefined;
      // Once for each reason in a row.
      if (problem === undefined || problem !== told) yield entry;
      told = problem;
    }
    await clock.sleep(retryMs, signal);
    if (doorNodes(store.view).every(({ id }) => id !== node.id)) return void opened.delete(node.id);
  }
}

const metricsOf = async (
  { requests, clock, log }: DoorPorts,
  node: Node,
  signal: AbortSignal,
): Promise<NodeMetrics | undefined> => {
  const name = nodeName(node);
  using deadline = withDeadline(clock, metricsMs, `node ${name}`, signal);
  try {
    const answer = await requests.request(node.id, { path: formatDoorMetricsPath() }, deadline.signal);
    if (answer.status === 200) return { node: name, text: await readAnswer(answer, metricsBytes) };
    log.debug('a node has no metrics of the front door', { node: name, status: answer.status });
  } catch (thrown) {
    signal.throwIfAborted();
    log.debug('the metrics of a front door are left out', { node: name, error: TuttiError.from(thrown).message });
  }
  return undefined;
};
