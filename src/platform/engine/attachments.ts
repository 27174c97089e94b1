import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { engineLines } from '../../rpc/lines.ts';
import type { CallOptions, EngineCalls, StreamOptions } from './calls.ts';
import { parseList } from './parse.ts';

/** What a container is attached to. */
export interface ContainerAttachments {
  /** 0 where it does not run. */
  readonly pid: number;
  /** Resolvers that its engine asks for it. */
  readonly dns: readonly string[];
  readonly networks: readonly {
    readonly name: string;
    readonly address: string;
    readonly gateway: string;
    /** '' where it has none. */
    readonly address6: string;
    readonly mac: string;
  }[];
}

/** What happened to a container: at its start it joins its networks, at its end it leaves them. */
export type AttachmentEvent =
  | { readonly kind: 'started' | 'ended'; readonly container: string }
  | { readonly kind: 'joined' | 'left'; readonly container: string; readonly network: string };

const event = z.object({
  Type: z.string(),
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()).nullish() }),
});
const summary = z.object({
  Id: z.string(),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});
const text = z.string().default('');
const endpoint = z.object({ IPAddress: text, Gateway: text, GlobalIPv6Address: text, MacAddress: text });
const inspection = z.object({
  State: z.object({ Pid: z.number().default(0) }),
  HostConfig: z.object({ Dns: z.array(z.string()).nullish() }).nullish(),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), endpoint.nullish()).nullish(),
  }),
});

const headDeadline = 15_000;
const deadline = 30_000;

/** Which containers are on which of the engine's networks. Throws TuttiError. */
export function attachmentOperations(calls: EngineCalls) {
  return {
    /** Starts and ends of containers, and each time that one comes to a network or leaves it. Goes on until the signal aborts. */
    async *attachmentEvents(options: StreamOptions): AsyncGenerator<AttachmentEvent> {
      const query = { filters: { type: ['network', 'container'], event: ['connect', 'disconnect', 'start', 'die'] } };
      const operation = { method: 'GET', path: '/events', query, deadlineMs: headDeadline } as const;
      for await (const line of engineLines(calls.bytes(operation, options))) {
        const found = attachmentEventOf(event.parse(line));
        if (found !== undefined) yield found;
      }
    },

    /** The containers that run, with the names of their networks. */
    async runningOn(
      options: CallOptions = {},
    ): Promise<readonly { readonly id: string; readonly networks: readonly string[] }[]> {
      const operation = { method: 'GET', path: '/containers/json', query: {}, deadlineMs: deadline } as const;
      return parseList(summary, (await calls.json(operation, options)).value).map(({ Id, NetworkSettings }) => ({
        id: Id,
        networks: Object.keys(NetworkSettings?.Networks ?? {}),
      }));
    },

    /** Undefined: there is no such container (any more). */
    async attachmentsOf(id: string, options: CallOptions = {}): Promise<ContainerAttachments | undefined> {
      try {
        const operation = { method: 'GET', path: `/containers/${id}/json`, deadlineMs: deadline } as const;
        const { State, HostConfig, NetworkSettings } = inspection.parse((await calls.json(operation, options)).value);
        return {
          pid: State.Pid,
          dns: HostConfig?.Dns ?? [],
          networks: Object.entries(NetworkSettings.Networks ?? {}).map(([name, on]) => ({
            name,
            address: on?.IPAddress ?? '',
            gateway: on?.Gateway ?? '',
            address6: on?.GlobalIPv6Address ?? '',
            mac: on?.MacAddress ?? '',
          })),
        };
      } catch (cause) {
        const fault = TuttiError.from(cause);
        if (fault.code === 'not-found') return undefined;
        throw fault;
      }
    },
  };
}

const containerKinds = new Map<string, 'started' | 'ended'>([
  ['start', 'started'],
  ['die', 'ended'],
]);
const networkKinds = new Map<string, 'joined' | 'left'>([
  ['connect', 'joined'],
  ['disconnect', 'left'],
]);

function attachmentEventOf({ Type, Action, Actor }: z.infer<typeof event>): AttachmentEvent | undefined {
  if (Type === 'container') {
    const kind = containerKinds.get(Action);
    return kind && { kind, container: Actor.ID };
  }
  const { container, name } = Actor.Attributes ?? {};
  const kind = networkKinds.get(Action);
  return container === undefined || name === undefined ? undefined : kind && { kind, container, network: name };
}
