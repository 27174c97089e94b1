import { TuttiError } from '../../model/errors.ts';
import type { NodeId, VolumeId } from '../../model/ids.ts';
import type { Volume, VolumeSpec } from '../../model/volume.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';
import type { Store, Transaction } from '../../store/store.ts';
import { newRow } from '../commands/context.ts';
import { askEngines, readAnswerJson } from '../engines/ask.ts';
import { callEngine, tellEngine } from '../engines/call.ts';
import type { Engines, Queries, Volumes, WantedVolume } from '../manager.ts';
import { compareVolumes, dropVolume, isStale } from './compare.ts';
import { homeFor } from './home.ts';
import { containersWith } from './users.ts';

export interface VolumePorts {
  readonly store: Store;
  readonly engines: Engines;
  readonly queries: Queries;
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'id'>;
}

export const createVolumes = (ports: VolumePorts): Volumes => {
  const { store } = ports;
  const named = (name: string) => store.view.find('volume', 'name', name);
  return {
    rows: () => [...store.view.list('volume')],
    named,
    homeFor: (spec) => homeFor(store.view, ports.queries, spec),
    record: async (spec, nodeId) =>
      (await store.update((transaction) => putRow(transaction, spec, nodeId, ports))).value,
    adopt: async (name, nodeId) => {
      if (!named(name).some((row) => row.nodeId === undefined)) return;
      await store.update((transaction) => {
        const promised = transaction.find('volume', 'name', name).find((row) => row.nodeId === undefined);
        if (promised !== undefined) transaction.update('volume', { ...promised, nodeId: nodeId as NodeId });
      });
    },
    forget: async (name, nodeId) => {
      if (!named(name).some((row) => row.nodeId === nodeId)) return;
      await store.update((transaction) => {
        for (const row of transaction.find('volume', 'name', name)) {
          if (row.nodeId === nodeId) transaction.delete('volume', row.id);
        }
      });
    },
    absent: async (name, nodeId) => {
      for (const row of named(name)) if (row.nodeId === nodeId && isStale(ports, row)) await dropVolume(store, row);
    },
    compare: async (present) => await compareVolumes(ports, present),
    places: async (names, signal) => await findPlaces(names, ports, signal),
    prepare: async (nodeId, wanted, signal) => {
      if (wanted.length === 0) return;
      const { value: claimed } = await store.update((transaction) =>
        wanted.map((volume) => claim(transaction, volume, nodeId, ports)),
      );
      const claims = claimed.map((one) => ({ ...one, version: store.view.get('volume', one.id)?.version }));
      for (const [at, { spec, was }] of claims.entries()) {
        // Its engine has it, or makes the same again if somebody took it away.
        if (was === 'here' && spec.driver === 'local' && isBare(spec)) continue;
        try {
          await makeOn(nodeId, spec, wanted[at]?.driver !== undefined, ports, signal);
        } catch (thrown) {
          const [failed, ...others] = claims.slice(at) as [Claim, ...Claim[]];
          const undone = (await isAbsent(ports, nodeId, failed.spec.name)) ? [failed, ...others] : others;
          await store.update((transaction) => undone.forEach((one) => takeBack(transaction, one, nodeId)));
          throw thrown;
        }
      }
    },
  };
};

const isBare = ({ options, labels }: VolumeSpec): boolean =>
  Object.keys(options ?? {}).length + Object.keys(labels ?? {}).length === 0;

/** What `prepare` did to the row of a volume before its engine was asked. */
interface Claim {
  readonly id: string;
  readonly spec: VolumeSpec;
  readonly was: 'here' | 'promised' | 'new';
  readonly version: number | undefined;
}

const absenceMs = 10_000;

/** Only what the engine says it does not have was not made; whether or not anybody waits any more. */
const isAbsent = async (ports: VolumePorts, nodeId: string, name: string): Promise<boolean> => {
  const path = `/volumes/${encodeURIComponent(name)}`;
  const reply = await callEngine(ports, nodeId, { path, deadlineMs: absenceMs }).catch(() => undefined);
  return reply?.status === 404;
};

/** Unless others rely on it by now: an engine makes a volume for the container that mounts it. */
const takeBack = (transaction: Transaction, { id, was, version, spec }: Claim, nodeId: string): void => {
  const row = transaction.get('volume', id);
  if (row === undefined || was === 'here' || row.version !== version) return;
  const users = containersWith(transaction, nodeId, spec.name);
  // Whose claim it is has no engine's id yet.
  if (users.length > 1 || users.some(({ engineId }) => engineId !== undefined)) return;
  const { nodeId: _, ...promised } = row;
  if (was === 'promised') transaction.update('volume', promised);
  else transaction.delete('volume', id);
};

const putRow = (
  transaction: Transaction,
  spec: VolumeSpec,
  nodeId: string | undefined,
  ports: Pick<VolumePorts, 'clock' | 'random'>,
): Volume => {
  const found = transaction.find('volume', 'name', spec.name).find((row) => row.nodeId === nodeId);
  if (found !== undefined) return found;
  const row: Volume = {
    ...newRow<VolumeId>(ports),
    spec,
    ...(nodeId !== undefined && { nodeId: nodeId as NodeId }),
  };
  transaction.create('volume', row);
  return row;
};

/** The row that says that the volume is on the node, made or moved there where nothing speaks against it. */
const claim = (
  transaction: Transaction,
  wanted: WantedVolume,
  nodeId: string,
  ports: VolumePorts,
): Omit<Claim, 'version'> => {
  const rows = transaction.find('volume', 'name', wanted.name);
  const here = rows.find((row) => row.nodeId === nodeId);
  if (here !== undefined) return { id: here.id, spec: here.spec, was: 'here' };
  const promised = rows.find((row) => row.nodeId === undefined);
  if (promised !== undefined) {
    transaction.update('volume', { ...promised, nodeId: nodeId as NodeId });
    return { id: promised.id, spec: promised.spec, was: 'promised' };
  }
  const [elsewhere] = rows;
  if (elsewhere !== undefined) {
    throw new TuttiError('conflict', `volume ${wanted.name} is on another node (${elsewhere.nodeId ?? ''})`, {
      fields: { volume: wanted.name, node: elsewhere.nodeId ?? '' },
    });
  }
  const { name, driver = 'local', options, labels } = wanted;
  const spec = { name, driver, ...(options && { options }), ...(labels && { labels }) };
  return { id: putRow(transaction, spec, nodeId, ports).id, spec, was: 'new' };
};

/** Engines take a volume that is there already for made. */
const makeOn = async (
  nodeId: string,
  { name, driver, options, labels }: VolumeSpec,
  insists: boolean,
  ports: VolumePorts,
  signal: AbortSignal,
): Promise<void> => {
  const plain = driver === 'local' && !insists;
  const json = { Name: name, DriverOpts: options ?? {}, Labels: labels ?? {}, ...(!plain && { Driver: driver }) };
  await tellEngine(ports, nodeId, { method: 'POST', path: '/volumes/create', json }, signal);
};

const findPlaces = async (
  names: readonly string[],
  { store, engines, queries, clock }: VolumePorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const places = new Map<string, string[]>(names.map((name) => [name, []]));
  const unknown: string[] = [];
  for (const [name, nodes] of places) {
    const rows = store.view.find('volume', 'name', name);
    for (const { nodeId } of rows) if (nodeId !== undefined) nodes.push(nodeId);
    // One that is only promised may be there all the same: made by an engine, and nobody heard of it yet.
    if (nodes.length === 0) unknown.push(name);
  }
  if (unknown.length === 0) return places;
  const path = `/volumes?filters=${encodeURIComponent(JSON.stringify({ name: unknown }))}`;
  const { answers } = await askEngines({ engines, queries }, { method: 'GET', path }, readAnswerJson, {
    clock,
    signal,
  });
  for (const { nodeId, value } of answers) {
    const { Volumes: found } = value as { readonly Volumes?: readonly { readonly Name: string }[] | null };
    for (const { Name } of found ?? []) if (unknown.includes(Name)) places.get(Name)?.push(nodeId);
  }
  return places;
};
