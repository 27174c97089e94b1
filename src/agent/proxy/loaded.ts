import { readServersState } from '../../core/route/read-state.ts';
import type { Slots } from '../../core/route/slots.ts';
import type { ProxyHost } from './ports.ts';

/** What a proxy that runs says of itself. */
export interface Loaded {
  /** Of the structure that it has loaded; undefined: not one of ours. */
  readonly id: string | undefined;
  readonly slots: Slots;
}

/** Undefined where none answers. */
export const readLoaded = async (host: ProxyHost, signal: AbortSignal): Promise<Loaded | undefined> => {
  const [info, state] = await Promise.all([
    host.ask('control', 'show info', signal),
    host.ask('control', 'show servers state', signal),
  ]);
  if (info === undefined || state === undefined) return undefined;
  const id = /^[Dd]escription: tutti:(\S*)$/m.exec(info)?.[1];
  return { id, slots: readServersState(state) };
};

/** How often the master has failed to load since it last could (`show proc`); undefined where none answers. */
export const failedLoads = async (host: ProxyHost, signal: AbortSignal): Promise<number | undefined> => {
  const processes = await host.ask('master', 'show proc', signal);
  const found = /master\s.*\[failed: (\d+)\]/.exec(processes ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
};

/** Process ids of workers that have been replaced and still serve whom they were connected to. */
export const oldWorkers = async (host: ProxyHost, signal: AbortSignal): Promise<readonly string[]> => {
  const processes = (await host.ask('master', 'show proc', signal)) ?? '';
  const [, old = ''] = processes.split('# old workers');
  return [...(old.split('# programs')[0] ?? '').matchAll(/^(\d+)\s+worker\s/gm)].map(([, pid]) => pid ?? '');
};

/** The slots of a worker by its process id; empty where it has ended meanwhile. */
export const slotsOfWorker = async (host: ProxyHost, pid: string, signal: AbortSignal): Promise<Slots> =>
  readServersState((await host.ask('master', `@!${pid} show servers state`, signal)) ?? '');
