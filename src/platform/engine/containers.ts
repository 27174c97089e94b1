import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { CallOptions, EngineCalls } from './calls.ts';
import { demultiplex, plainOutput } from './demux.ts';
import type { OutputFrame } from './demux.ts';
import { parseList } from './parse.ts';
import { exitCodeOfStatus, healthOfStatus } from './status-text.ts';
import type { ContainerHealth } from './status-text.ts';
import type { Definitions } from './types.generated.ts';

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** A container as a listing shows it: all that a comparison needs, without an inspection each. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly health: ContainerHealth;
  /** Absent while it has not ended. */
  readonly exitCode?: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What an inspection adds. */
export interface InspectedContainer extends ListedContainer {
  readonly pid: number;
  readonly error: string;
  readonly oomKilled: boolean;
  /** Milliseconds since the epoch; 0 when it never started or has not ended. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Output of the last health probe, empty where there is none. */
  readonly healthOutput: string;
  readonly hostPorts: readonly { readonly protocol: string; readonly target: number; readonly published: number }[];
}

export interface LogOptions extends CallOptions {
  readonly follow?: boolean | undefined;
  /** Only the last so many lines; all when absent. */
  readonly tail?: number | undefined;
  /** Seconds since the epoch, fractions allowed. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly timestamps?: boolean | undefined;
  readonly stdout?: boolean | undefined;
  readonly stderr?: boolean | undefined;
  /** True where the container has a terminal: its output is then not multiplexed. */
  readonly tty?: boolean | undefined;
}

const listDeadline = 30_000;
const changeDeadline = 90_000;
const stopMargin = 20_000;
const logsDeadline = 30_000;

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;
const summary = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  State: z.enum(states),
  Status: z.string().default(''),
  Created: z.number(),
});

const created = z.object({ Id: z.string(), Warnings: z.array(z.string()).nullish() });

const inspection = z.object({
  Id: z.string(),
  Name: z.string(),
  Created: z.string(),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
  State: z.object({
    Status: z.enum(states),
    Pid: z.number().default(0),
    ExitCode: z.number().default(0),
    Error: z.string().default(''),
    OOMKilled: z.boolean().default(false),
    StartedAt: z.string().default(''),
    FinishedAt: z.string().default(''),
    Health: z
      .object({
        Status: z.enum(['none', 'starting', 'healthy', 'unhealthy', '']),
        Log: z.array(z.object({ Output: z.string().default('') })).nullish(),
      })
      .nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullish()).nullish(),
  }),
});

/** Containers of the engine. Faults: `not-found`, `conflict`, `resource-exhausted`, `unavailable`, `deadline-exceeded`. */
export function containerOperations(calls: EngineCalls) {
  return {
    /** All containers, stopped ones too, that carry every label (`name` or `name=value`). */
    async listContainers(labels: readonly string[], options: CallOptions = {}): Promise<ListedContainer[]> {
      const query = { all: true, filters: { label: labels } };
      const operation = { method: 'GET', path: '/containers/json', query, deadlineMs: listDeadline } as const;
      return parseList(summary, (await calls.json(operation, options)).value).map(listed);
    },

    /** `not-found` when the image (or a network, at some engines) is missing; `conflict` when the name is taken. */
    async createContainer(
      name: string,
      body: Definitions['ContainerCreateRequest'],
      options: CallOptions = {},
    ): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
      const operation = {
        method: 'POST',
        path: '/containers/create',
        query: { name },
        json: body,
        deadlineMs: changeDeadline,
      } as const;
      const answer = created.parse((await calls.json(operation, options)).value);
      return { id: answer.Id, warnings: answer.Warnings ?? [] };
    },

    /** Gives false when it was running already. */
    async startContainer(id: string, options: CallOptions = {}): Promise<boolean> {
      return await change(calls, `/containers/${id}/start`, {}, changeDeadline, options);
    },

    /** Signals, waits for the grace period, kills; returns when it has ended. False when it was not running. */
    async stopContainer(id: string, graceSeconds: number, options: CallOptions = {}): Promise<boolean> {
      return await change(
        calls,
        `/containers/${id}/stop`,
        { t: graceSeconds },
        graceSeconds * 1000 + stopMargin,
        options,
      );
    },

    /** Kills and removes, with its anonymous volumes. False when there was none. */
    async removeContainer(id: string, options: CallOptions = {}): Promise<boolean> {
      const query = { force: true, v: true };
      try {
        await calls.json({ method: 'DELETE', path: `/containers/${id}`, query, deadlineMs: changeDeadline }, options);
        return true;
      } catch (cause) {
        const fault = TuttiError.from(cause);
        if (fault.code === 'not-found') return false;
        // A removal that somebody else began is as good as ours.
        if (fault.code === 'conflict' && fault.message.includes('already in progress')) return false;
        throw fault;
      }
    },

    async inspectContainer(id: string, options: CallOptions = {}): Promise<InspectedContainer> {
      const operation = { method: 'GET', path: `/containers/${id}/json`, deadlineMs: listDeadline } as const;
      return inspected(inspection.parse((await calls.json(operation, options)).value));
    },

    /** The container's output; ends when the container does, or (without `follow`) with what there is. */
    logs(id: string, { signal, deadlineMs, tty, ...options }: LogOptions = {}): AsyncGenerator<OutputFrame> {
      const query = { ...options, stdout: options.stdout ?? true, stderr: options.stderr ?? true };
      const operation = { method: 'GET', path: `/containers/${id}/logs`, query, deadlineMs: logsDeadline } as const;
      const bytes = calls.bytes(operation, { signal, deadlineMs });
      return tty === true ? plainOutput(bytes) : demultiplex(bytes);
    },
  };
}

async function change(
  calls: EngineCalls,
  path: string,
  query: Readonly<Record<string, number>>,
  deadlineMs: number,
  options: CallOptions,
): Promise<boolean> {
  return (await calls.json({ method: 'POST', path, query, deadlineMs }, options)).status !== 304;
}

function listed(container: z.infer<typeof summary>): ListedContainer {
  const exitCode = exitCodeOfStatus(container.Status);
  return {
    id: container.Id,
    name: (container.Names?.[0] ?? '').replace(/^\//, ''),
    labels: container.Labels ?? {},
    state: container.State,
    health: healthOfStatus(container.Status),
    ...(exitCode === undefined ? {} : { exitCode }),
    createdAt: container.Created * 1000,
  };
}

function inspected(container: z.infer<typeof inspection>): InspectedContainer {
  const { State: state } = container;
  const ended = state.Status === 'exited' || state.Status === 'dead';
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    labels: container.Config.Labels ?? {},
    state: state.Status,
    health: state.Health?.Status || 'none',
    ...(ended ? { exitCode: state.ExitCode } : {}),
    createdAt: timeOf(container.Created),
    pid: state.Pid,
    error: state.Error,
    oomKilled: state.OOMKilled,
    startedAt: timeOf(state.StartedAt),
    finishedAt: timeOf(state.FinishedAt),
    healthOutput: state.Health?.Log?.at(-1)?.Output ?? '',
    hostPorts: hostPortsOf(container.NetworkSettings.Ports ?? {}),
  };
}

/** Go's zero time is year 1: it stands for "never". */
function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isFinite(time) && time > 0 ? time : 0;
}

function hostPortsOf(
  ports: Readonly<Record<string, readonly { HostPort: string }[] | null | undefined>>,
): InspectedContainer['hostPorts'] {
  return Object.entries(ports).flatMap(([key, bindings]) => {
    const [target = '', protocol = 'tcp'] = key.split('/');
    const published = Number(bindings?.[0]?.HostPort);
    return published > 0 ? [{ protocol, target: Number(target), published }] : [];
  });
}
