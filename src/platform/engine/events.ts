import * as z from 'zod';
import { engineLines } from '../../rpc/lines.ts';
import type { EngineCalls, StreamOptions } from './calls.ts';
import type { ContainerHealth } from './status-text.ts';

/** What happened to a container. Other actions (exec, attach, …) are left out. */
export type ContainerEvent = {
  readonly id: string;
  /** The container's labels and name, as they were. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, by the engine's clock. */
  readonly time: number;
} & (
  | { readonly kind: 'created' | 'started' | 'oom' | 'removed' | 'paused' | 'unpaused' }
  | { readonly kind: 'died'; readonly exitCode: number }
  | { readonly kind: 'health'; readonly health: ContainerHealth }
);

export interface EventOptions extends StreamOptions {
  /** Every label (`name` or `name=value`) must be there. */
  readonly labels: readonly string[];
  /** Replays what happened since; seconds since the epoch, fractions allowed. */
  readonly since?: number | undefined;
}

const headDeadline = 15_000;

const message = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
  timeNano: z.number().optional(),
  time: z.number().optional(),
});

const simpleKinds = {
  create: 'created',
  start: 'started',
  oom: 'oom',
  destroy: 'removed',
  pause: 'paused',
  unpause: 'unpaused',
} as const;

/** The one stream of events; it goes on until the signal aborts or the connection breaks. */
export function eventOperations(calls: EngineCalls) {
  return {
    async *events(options: EventOptions): AsyncGenerator<ContainerEvent> {
      const filters = {
        type: ['container'],
        label: options.labels,
        event: [...Object.keys(simpleKinds), 'die', 'health_status'],
      };
      const query = { since: options.since?.toFixed(9), filters };
      const operation = { method: 'GET', path: '/events', query, deadlineMs: headDeadline } as const;
      for await (const line of engineLines(calls.bytes(operation, options))) {
        const event = eventOf(message.parse(line));
        if (event !== undefined) yield event;
      }
    },
  };
}

function eventOf(event: z.infer<typeof message>): ContainerEvent | undefined {
  const attributes = event.Actor.Attributes ?? {};
  const time = event.timeNano === undefined ? (event.time ?? 0) * 1000 : event.timeNano / 1e6;
  const common = { id: event.Actor.ID, attributes, time };
  if (event.Action === 'die') return { ...common, kind: 'died', exitCode: Number(attributes['exitCode'] ?? 0) };
  const health = /^health_status: (starting|healthy|unhealthy)$/.exec(event.Action)?.[1];
  if (health !== undefined) return { ...common, kind: 'health', health: health as ContainerHealth };
  const kind = Object.hasOwn(simpleKinds, event.Action)
    ? simpleKinds[event.Action as keyof typeof simpleKinds]
    : undefined;
  return kind === undefined ? undefined : { ...common, kind };
}
