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
import { supersededIn } from './superseded.ts';

export interface InventoryPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
}

const mostBehind = 10_000;
const findMs = 3000;

/** Follows every node's engine until it is disposed. See `Inventory`. */
export const startInventory = (ports: InventoryPorts): Inventory & AsyncDisposable => {
  const { store, engines, clock } = ports;
  const { view } = store;
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
  const named = (name: string) => {
    const all = index.named(name);
    // What is still to be removed on a node that is back takes no name from anybody.
    const left = all.length > 1 ? supersededIn(view) : undefined;
    return all.filter(({ id }) => left?.has(id) !== true).map(known);
  };
  const peek = (reference: string): KnownContainer | undefined =>
    resolve(reference, { named, beginning: (prefix) => index.beginning(prefix).map(known) });
  const ask = async (path: string, reference: string, signal: AbortSignal) => {
    const { node } = splitReference(reference);
    const asked = nodes.ready().filter((id) => node === undefined || node === id || node === nameOf(id));
    return await askNodes(engines, asked, path, { deadlineMs: findMs, signal, clock });
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
    containers: () => index.all().map(known),
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
    refresh: nodes.refresh,
    forget: index.remove,
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
    [Symbol.asyncDispose]: nodes[Symbol.asyncDispose],
  };
};
