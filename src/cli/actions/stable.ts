import type { ServiceView, TaskView } from '../../model/native.ts';

export interface StabilityPorts {
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  /** The tasks of a service that have not ended. */
  readonly tasks: (serviceId: string) => Promise<readonly TaskView[]>;
}

/** `broken`: other tasks run than at the last look, so time starts again. */
export type Stability =
  | { readonly kind: 'stable' }
  | { readonly kind: 'holding' }
  | { readonly kind: 'broken'; readonly services: readonly ServiceView[] };

export interface StabilityWatch {
  /** Called again and again while every service has all that it should. */
  readonly look: (services: readonly ServiceView[]) => Promise<Stability>;
  /** A service has not: time starts again with the next look. */
  readonly interrupt: () => void;
}

/**
 * Whether services keep running: the same tasks for `spanMs` on end. What ends and is started again within that time has
 * not come up, however often all of it is seen running. Jobs and what ran to its end have nothing to keep.
 */
export const watchStability = (ports: StabilityPorts, spanMs: number): StabilityWatch => {
  let window: { readonly since: number; readonly tasks: ReadonlyMap<string, string> } | undefined;
  const open = async (services: readonly ServiceView[]) => {
    window = { since: ports.monotonic(), tasks: await runningTasks(ports, services) };
  };
  return {
    look: async (all) => {
      const services = all.filter((service) => service.running > 0 && !service.mode.endsWith('-job'));
      if (spanMs === 0 || services.length === 0) return { kind: 'stable' };
      if (window === undefined) {
        await open(services);
        return { kind: 'holding' };
      }
      if (ports.monotonic() - window.since < spanMs) return { kind: 'holding' };
      const before = window.tasks;
      await open(services);
      const broken = services.filter(({ id }) => window?.tasks.get(id) !== before.get(id));
      return broken.length === 0 ? { kind: 'stable' } : { kind: 'broken', services: broken };
    },
    interrupt: () => {
      window = undefined;
    },
  };
};

/** The ids of the tasks that run, by their service's. */
const runningTasks = async (
  { tasks }: StabilityPorts,
  services: readonly ServiceView[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const { id } of services) {
    const running = (await tasks(id)).filter((task) => task.state === 'running').map((task) => task.id);
    found.set(id, running.toSorted().join(' '));
  }
  return found;
};
