import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import { every } from '../../rpc/every.ts';
import type { Store } from '../../store/store.ts';
import { askEngines, readAnswerJson } from '../engines/ask.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import type { EachEventPorts } from '../engines/each-event.ts';
import type { Engines, Queries, Volumes } from '../manager.ts';

export interface FollowVolumesPorts extends EachEventPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly engines: Engines;
  readonly queries: Queries;
  readonly clock: Clock;
}

/** How often rows are compared with what the engines have, and how soon behind the return of a node with what its own has. */
const compareMs = 60_000;
const returnMs = 2_000;

const listed = z.looseObject({ Volumes: z.array(z.looseObject({ Name: z.string() })).nullish() });

/**
 * Keeps rows with what engines make and remove by themselves, until it is disposed: by their events, and by asking those
 * that rows are about, for what was missed.
 */
export const followVolumes = (
  ports: FollowVolumesPorts,
  volumes: Pick<Volumes, 'adopt' | 'forget' | 'rows' | 'compare'>,
): Disposable => {
  const { store, clock, log } = ports;
  const stop = new AbortController();
  const following = eachEngineEvent(ports, async ({ nodeId, event }) => {
    if (event.Type !== 'volume') return;
    const name = event.Actor?.ID ?? '';
    if (event.Action === 'create') await volumes.adopt(name, nodeId);
    if (event.Action === 'destroy') await volumes.forget(name, nodeId);
  });
  const compare = async (isMeant: (nodeId: string) => boolean): Promise<void> => {
    const rows = volumes.rows();
    const isPromised = rows.some(({ nodeId }) => nodeId === undefined);
    const wanted = new Set(rows.map(({ nodeId }) => nodeId));
    const nodes = ports.queries.nodes().filter(({ node }) => isMeant(node.id) && (isPromised || wanted.has(node.id)));
    if (nodes.length === 0) return;
    const options = { clock, signal: stop.signal, nodes };
    const { answers } = await askEngines(ports, { path: '/volumes' }, readAnswerJson, options);
    const names = (value: unknown) => new Set((listed.parse(value).Volumes ?? []).map(({ Name }) => Name));
    await volumes.compare(new Map(answers.map(({ nodeId, value }) => [nodeId, names(value)])));
  };

  const tryCompare = async (isMeant: (nodeId: string) => boolean): Promise<void> => {
    try {
      await compare(isMeant);
    } catch (thrown) {
      if (stop.signal.aborted) return;
      log.warn('volumes could not be compared with the engines', { error: TuttiError.from(thrown).message });
    }
  };
  const comparing = every(clock, compareMs, async () => await tryCompare(() => true));

  /** Nodes that came back and were not compared since. */
  let back = new Set<string>();
  let timer: Timer | undefined;
  const cameBack = (nodeIds: readonly string[]): void => {
    for (const id of nodeIds) back.add(id);
    if (back.size === 0) return;
    timer ??= clock.after(returnMs, () => {
      const meant = back;
      back = new Set();
      timer = undefined;
      void tryCompare((id) => meant.has(id));
    });
  };
  const subscription = store.subscribe(({ changes }) => {
    const returned = changes.filter(
      (change) => change.table === 'nodeStatus' && change.after?.state === 'ready' && change.before?.state !== 'ready',
    );
    cameBack(returned.map(({ id }) => id));
  });
  cameBack(ports.queries.nodes().map(({ node }) => node.id));
  return {
    [Symbol.dispose]: () => {
      stop.abort(new TuttiError('cancelled', 'the manager ends'));
      timer?.cancel();
      comparing[Symbol.dispose]();
      subscription[Symbol.dispose]();
      following[Symbol.dispose]();
    },
  };
};
