import type { Node } from '../../model/node.ts';
import { nodeName } from '../../model/node.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { EngineEvent, Engines, Inventory, KnownContainer } from '../manager.ts';
import { createBroadcast } from './broadcast.ts';
import { createContainerIndex } from './container-index.ts';
import type { Entry } from './container-index.ts';
import { createExecs } from './execs.ts';
import { askNodes, missed, textOf } from './find.ts';
import { startNodes } from './nodes.ts';
import { putRemembered } from './remembered.ts';
import { resolve, splitReference } from './resolve.ts';
import { followSuperseded } from './superseded.ts';

export interface InventoryPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'sleep'>;
  readonly log: Log;
}

const mostBehind = 10_000;
const findMs = 3000;

/** Follows every node's engine until it is disposed. See `Inventory`. */
export const startInventory = (ports: InventoryPorts): Inventory & AsyncDisposable => {
  const { view } = ports.store;
  const index = createContainerIndex();
  putRemembered(view, index);
  const events = createBroadcast<EngineEvent>(mostBehind);
  const execs = createExecs();
  const nameOf = (nodeId: string): string => {
    const node: Node | undefined = view.get('node', nodeId);
    return node === undefined ? nodeId : nodeName(node);
  };
  const nodes = startNodes({
    ...ports,
    index,
    publish: (nodeId, event) => events.publish({ nodeId, nodeName: nameOf(nodeId), event }),
  });

  const known = (entry: Entry): KnownContainer => ({
    ...entry,
    nodeName: nameOf(entry.nodeId),
    reachable: nodes.reachable(entry.nodeId),
  });
  // What is still to be removed on a node that was lost is nobody's container: it is not found, and takes no name.
  const superseded = followSuperseded(ports.store);
  const theirs = (entries: readonly Entry[]) => entries.filter(({ id }) => !superseded.ids.has(id)).map(known);
  const named = (name: string) => theirs(index.named(name));
  const peek = (reference: string): KnownContainer | undefined =>
    resolve(reference, { named, beginning: (prefix) => theirs(index.beginning(prefix)) });
  const ask = async (path: string, reference: string, signal: AbortSignal) => {
    const { node } = splitReference(reference);
    const asked = nodes.ready().filter((id) => node === undefined || node === id || node === nameOf(id));
    return await askNodes(ports, asked, { path, deadlineMs: findMs }, signal);
  };

  const find = async (reference: string, signal: AbortSignal): Promise<KnownContainer> => {
    const there = peek(reference);
    if (there !== undefined) return there;
    const { name } = splitReference(reference);
    if (name === '') throw missed('container', reference, []);
    const { found, missing } = await ask(`/containers/${encodeURIComponent(name)}/json`, reference, signal);
    await Promise.all(
      found.map(({ nodeId, body }) => nodes.refresh(nodeId, [textOf(body, 'Id')], signal).catch(() => undefined)),
    );
    const now = peek(reference);
    if (now === undefined) throw missed('container', reference, missing.map(nameOf));
    return now;
  };

  return {
    find,
    peek,
    named,
    containers: () => theirs(index.all()),
    of: (nodeId) => index.of(nodeId).map(known),
    count: index.count,
    on: (nodeId, id) => {
      const entry = index.get(nodeId, id);
      return entry === undefined ? undefined : known(entry);
    },
    get: (nodeId, id) => {
      const entry = index.get(nodeId, id);
      return entry === undefined ? undefined : known(entry);
    },
    images: nodes.images,
    listed: nodes.listed,
    current: nodes.current,
    refresh: nodes.refresh,
    findExec: async (id, signal) => {
      const there = execs.nodeOf(id);
      if (there !== undefined) return { nodeId: there };
      const { found, missing } = await ask(`/exec/${encodeURIComponent(id)}/json`, id, signal);
      const [first] = found;
      if (first === undefined) throw missed('exec instance', id, missing.map(nameOf));
      execs.note(id, first.nodeId);
      return { nodeId: first.nodeId };
    },
    noteExec: execs.note,
    events: events.read,
    [Symbol.asyncDispose]: async () => {
      superseded[Symbol.dispose]();
      await nodes[Symbol.asyncDispose]();
    },
  };
};
