import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import type { EngineEvent } from '../manager.ts';

/**
 * Containers of which an engine tells before its own list says so: one that ends is listed as running until its network
 * and files are cleared away. For a while they are asked about at each list, and once more when it is over.
 */
export interface Unsettled extends Disposable {
  told(event: EngineEvent['event']): void;
  /** What the engine lists now. */
  seen(summary: Definitions['ContainerSummary']): void;
  ids(): readonly string[];
}

/** How long after an event; that of an end is over as soon as the container is listed so. */
interface Doubt {
  readonly kind: 'end' | 'network' | 'change';
  readonly ms: number;
}

const end: Doubt = { kind: 'end', ms: 10_000 };
const network: Doubt = { kind: 'network', ms: 10_000 };
const change: Doubt = { kind: 'change', ms: 3_000 };

/** What ends leaves its networks, which is told too. */
const both = (before: Doubt['kind'] | undefined, kind: Doubt['kind']): Doubt['kind'] => {
  if (before === undefined) return kind;
  return before === 'end' && kind !== 'change' ? 'end' : 'change';
};

const ofContainer: Readonly<Record<string, Doubt>> = {
  die: end,
  health_status: change,
  pause: change,
  rename: change,
  stop: end,
  unpause: change,
  update: change,
};

/** Told when everything is written down, also of what was told before. */
const settling = new Set(['create', 'destroy', 'start']);

const doubtOf = ({ Type, Action = '', Actor }: EngineEvent['event']): readonly [id: string, Doubt] | undefined => {
  const action = Action.split(':')[0] ?? '';
  const found = Type === 'container' ? ofContainer[action] : undefined;
  if (found !== undefined) return [Actor?.ID ?? '', found];
  const container = Type === 'network' ? Actor?.Attributes?.['container'] : undefined;
  return container === undefined ? undefined : [container, network];
};

/** `again`: asked about for the last time. */
export const createUnsettled = (clock: Pick<Clock, 'after'>, again: (id: string) => void): Unsettled => {
  const doubts = new Map<string, { readonly kind: Doubt['kind']; readonly timer: Timer }>();
  const settle = (id: string): void => {
    doubts.get(id)?.timer.cancel();
    doubts.delete(id);
  };
  const doubt = (id: string, { kind, ms }: Doubt): void => {
    const before = doubts.get(id)?.kind;
    settle(id);
    const over = (): void => {
      doubts.delete(id);
      again(id);
    };
    doubts.set(id, { kind: both(before, kind), timer: clock.after(ms, over) });
  };
  return {
    told: (event) => {
      const { Type, Action = '', Actor } = event;
      if (Type === 'container' && settling.has(Action)) settle(Actor?.ID ?? '');
      const found = doubtOf(event);
      if (found !== undefined) doubt(...found);
    },
    seen: ({ Id = '', State }) => {
      if (doubts.get(Id)?.kind === 'end' && State !== 'running' && State !== 'paused') settle(Id);
    },
    ids: () => [...doubts.keys()],
    [Symbol.dispose]: () => {
      for (const id of doubts.keys()) settle(id);
    },
  };
};
