import * as z from 'zod';
import type { EngineEvent } from '../manager.ts';

type Message = EngineEvent['event'];

const message = z.looseObject({
  Type: z.string(),
  Action: z.string(),
  Actor: z.looseObject({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  time: z.number(),
  timeNano: z.number(),
});

/** A line of an engine's events; undefined where it is none. */
export const parseEvent = (line: string): Message | undefined => {
  try {
    const parsed = message.safeParse(JSON.parse(line));
    return parsed.success ? (parsed.data as Message) : undefined;
  } catch {
    return undefined;
  }
};

/** What the inventory has to read again after an event. */
export type Touched =
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'images' }
  | { readonly kind: 'nothing' };

/** Those that change what a list of containers shows; execs, copies and the like do not. */
const containerActions = new Set([
  'create',
  'destroy',
  'die',
  'health_status',
  'pause',
  'rename',
  'restart',
  'start',
  'stop',
  'unpause',
  'update',
]);

const imageActions = new Set(['delete', 'import', 'load', 'prune', 'pull', 'tag', 'untag']);

export const touchedBy = ({ Type, Action = '', Actor }: Message): Touched => {
  const action = Action.split(':')[0] ?? '';
  if (Type === 'container') {
    // A commit makes an image, and engines tell of it as the container's.
    if (action === 'commit') return { kind: 'images' };
    return containerActions.has(action) ? { kind: 'container', id: Actor?.ID ?? '' } : { kind: 'nothing' };
  }
  if (Type === 'image') return imageActions.has(action) ? { kind: 'images' } : { kind: 'nothing' };
  const container = Type === 'network' ? Actor?.Attributes?.['container'] : undefined;
  return container === undefined ? { kind: 'nothing' } : { kind: 'container', id: container };
};

/** How far a stream of events was read, so that another one goes on there with none lost and none twice. */
export interface Progress {
  /** For the engine's `since`; undefined: nothing was read yet. Some that were read come again. */
  readonly since: () => string | undefined;
  /** The first stream began at this time of the engine's, milliseconds since the epoch. */
  begin(ms: number): void;
  /** True for an event that was not seen yet. */
  note(event: Message): boolean;
}

/** Engines keep this many events; so many may come again. */
const mostReplayed = 256;
/** It goes on a little before: two events may be told in another order than that of their times. */
const slackNanos = 20e6;

export const createProgress = (): Progress => {
  const seen: string[] = [];
  let last: number | undefined;
  return {
    since: () => {
      if (last === undefined) return undefined;
      const from = last - slackNanos;
      const seconds = Math.floor(from / 1e9);
      return `${seconds}.${String(Math.floor(from - seconds * 1e9)).padStart(9, '0')}`;
    },
    begin: (ms) => {
      last ??= ms * 1e6 + slackNanos;
    },
    note: (event) => {
      const { timeNano = 0, Type, Action, Actor } = event;
      const key = `${timeNano} ${Type} ${Action} ${Actor?.ID}`;
      if (last !== undefined && timeNano <= last && seen.includes(key)) return false;
      seen.push(key);
      if (seen.length > 2 * mostReplayed) seen.splice(0, mostReplayed);
      last = Math.max(last ?? 0, timeNano);
      return true;
    },
  };
};
