import { TuttiError } from '../../model/errors.ts';
import type { AssignedTask } from '../../model/assignment.ts';
import type { ContainerSpec } from '../../model/container.ts';
import { compareApi, severalNetworksApi } from '../../model/api-version.ts';
import { credentialsFor } from '../executor/credentials.ts';
import type { ContainerEngine, Health } from '../executor/engine.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { ContainerView } from './picture/container-view.ts';
import type { WorkerPorts } from './ports.ts';
import { extraEndpoints } from './prepare.ts';
import type { TaskRecord } from './picture/record.ts';

export interface LaunchInput {
  readonly record: TaskRecord;
  readonly assigned: AssignedTask;
  readonly containers: readonly ContainerView[];
  readonly signal: AbortSignal;
  readonly onStarted: (view: ContainerView, health: Health) => void;
}

/** Starts the containers of a task in the order of its specification; gives the host ports that the engine chose. */
export async function startTask(
  ports: Pick<WorkerPorts, 'engine' | 'networks'>,
  checks: HealthChecks,
  { record, assigned, containers, signal, onStarted }: LaunchInput,
): Promise<TaskObservation['hostPorts']> {
  for (const [index, spec] of assigned.spec.containers.entries()) {
    const view = containers.find(({ name, state }) => name === spec.name && state === 'created');
    if (view === undefined) continue;
    if (index === 0) await connectExtras(ports, record, assigned, view, signal);
    const checked = checks.has(spec);
    await ports.engine.startContainer(view.id, { signal });
    onStarted(view, (await checked) ? 'starting' : 'none');
  }
  return await hostPortsOf(ports.engine, assigned, containers, signal);
}

async function connectExtras(
  ports: Pick<WorkerPorts, 'engine' | 'networks'>,
  record: TaskRecord,
  assigned: AssignedTask,
  view: ContainerView,
  signal: AbortSignal,
): Promise<void> {
  if (assigned.addresses.length + (assigned.spec.networks?.length ?? 0) < 2) return;
  if (compareApi((await ports.engine.version({ signal })).api, severalNetworksApi) >= 0) return;
  for (const { network, settings } of await extraEndpoints(ports, record, assigned, signal)) {
    try {
      await ports.engine.connectNetwork(network, view.id, settings, { signal });
    } catch (cause) {
      // A start that was interrupted after this had connected it already.
      if (!TuttiError.from(cause).message.includes('already exists in network')) throw cause;
    }
  }
}

async function hostPortsOf(
  engine: ContainerEngine,
  assigned: AssignedTask,
  containers: readonly ContainerView[],
  signal: AbortSignal,
): Promise<TaskObservation['hostPorts']> {
  const asked = assigned.hostPorts ?? [];
  if (asked.length === 0) return undefined;
  const fixed = asked.flatMap(({ protocol, target, published }) =>
    published === undefined ? [] : [{ protocol, target, published }],
  );
  const first = containers.find(({ name }) => name === assigned.spec.containers[0]?.name);
  if (fixed.length === asked.length || first === undefined) return fixed;
  return (await engine.inspectContainer(first.id, { signal })).hostPorts;
}

/** Whether containers have a health check: their own or their image's, which is asked once. */
export interface HealthChecks {
  has(spec: ContainerSpec): Promise<boolean>;
  /** The image may be another one now. */
  forget(image: string): void;
}

export function createHealthChecks(engine: Pick<ContainerEngine, 'imageHasHealthcheck'>): HealthChecks {
  const known = new Map<string, Promise<boolean>>();
  const ask = async (image: string): Promise<boolean> => {
    try {
      return await engine.imageHasHealthcheck(image);
    } catch {
      // Unknown: events and listings will tell of a health state if there is one.
      known.delete(image);
      return false;
    }
  };
  return {
    async has({ image, healthcheck }) {
      const test = healthcheck?.test ?? [];
      if (test.length > 0) return test[0] !== 'NONE';
      let answer = known.get(image);
      if (answer === undefined) known.set(image, (answer = ask(image)));
      return await answer;
    },
    forget: (image) => void known.delete(image),
  };
}

/** Pulls each image once, whoever asks while it is under way. */
export function createPuller(engine: Pick<ContainerEngine, 'pullImage'>) {
  const pulls = new Map<string, { readonly done: Promise<void>; readonly listeners: Set<(status: string) => void> }>();
  return async (
    image: string,
    assigned: AssignedTask,
    signal: AbortSignal,
    onProgress: (status: string) => void,
  ): Promise<void> => {
    let pull = pulls.get(image);
    if (pull === undefined) {
      const listeners = new Set<(status: string) => void>();
      const credentials = credentialsFor(image, assigned.spec.pullCredentials);
      const report = (status: string): void => listeners.forEach((listen) => listen(status));
      const done = engine
        .pullImage(image, { credentials, signal, onProgress: report })
        .finally(() => pulls.delete(image));
      pulls.set(image, (pull = { done, listeners }));
    }
    pull.listeners.add(onProgress);
    try {
      await pull.done;
    } finally {
      pull.listeners.delete(onProgress);
    }
  };
}
