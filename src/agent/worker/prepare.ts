import type { AssignedTask } from '../../model/assignment.ts';
import { TuttiError } from '../../model/errors.ts';
import { imageLacking, withImagesCalled } from '../../model/container-images.ts';
import type { ContainerSpec } from '../../model/container.ts';
import type { ContainerEngine, NetworkPreparer, TaskFiles } from '../executor/engine.ts';
import { fileTargets, planFiles } from '../executor/files.ts';
import type { FileSources } from '../executor/files.ts';
import { containerName, graceSeconds, taskLabel } from '../executor/labels.ts';
import type { NodeIdentity, RunnableTask } from '../executor/labels.ts';
import { taskNetworkIds, taskNetworking } from '../executor/networking.ts';
import type { NetworkEndpoint, Networking } from '../executor/networking.ts';
import { containerRequest } from '../executor/request.ts';
import { templateContext } from '../executor/template.ts';
import type { ContainerView } from './picture/container-view.ts';
import type { TaskRecord } from './picture/record.ts';

export interface PreparePorts {
  readonly engine: ContainerEngine;
  readonly networks: NetworkPreparer;
  readonly files: TaskFiles;
}

export interface PrepareInput {
  readonly record: TaskRecord;
  readonly assigned: AssignedTask;
  readonly node: NodeIdentity;
  readonly sources: FileSources;
  readonly existing: readonly ContainerView[];
  readonly engineApi: string;
  /** Ids of images that the engine does not know by the name that is given. One that is gone is taken out. */
  readonly imageIds: Map<string, string>;
  readonly signal: AbortSignal;
  /** Called as soon as each container is made. */
  readonly onCreated: (view: ContainerView) => void;
}

/** Prepared, or what it waits for. Faults are thrown. */
export type PrepareResult =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'image-missing'; readonly image: string }
  | { readonly kind: 'waiting'; readonly missing: readonly string[] };

/** Makes the containers of a task that are missing, in order: the first has the network, the others join it. */
export async function prepareTask(ports: PreparePorts, input: PrepareInput): Promise<PrepareResult> {
  const { record, assigned, signal } = input;
  const task = runnable(record, assigned);
  const networkIds = taskNetworkIds(task);
  const prepared = networkIds.length === 0 ? new Map() : await ports.networks.ensure(networkIds, signal);
  let networking = taskNetworking(task, prepared, assigned.spec.containers[0]?.macAddress);
  for (const spec of assigned.spec.containers) {
    const made = input.existing.find(({ name }) => name === spec.name);
    if (made !== undefined) {
      if (networking.kind !== 'shared') networking = { kind: 'shared', containerId: made.id };
      continue;
    }
    const result = await createOne(ports, input, task, spec, networking);
    if (result.kind !== 'created') return result;
    networking = { kind: 'shared', containerId: result.id };
  }
  return { kind: 'prepared' };
}

/** The networks of a task beyond the first: older engines take them one by one, after the container is made. */
export async function extraEndpoints(
  { networks }: Pick<PreparePorts, 'networks'>,
  record: TaskRecord,
  assigned: AssignedTask,
  signal: AbortSignal,
): Promise<readonly NetworkEndpoint[]> {
  const task = runnable(record, assigned);
  const networkIds = taskNetworkIds(task);
  if (networkIds.length < 2) return [];
  const networking = taskNetworking(task, await networks.ensure(networkIds, signal), undefined);
  return networking.kind === 'attached' ? networking.endpoints.slice(1) : [];
}

function runnable(record: TaskRecord, assigned: AssignedTask): RunnableTask {
  return { id: record.id, root: record.root, assigned, predecessor: record.predecessor };
}

type CreateResult = { readonly kind: 'created'; readonly id: string } | Exclude<PrepareResult, { kind: 'prepared' }>;

async function createOne(
  ports: PreparePorts,
  input: PrepareInput,
  task: RunnableTask,
  spec: ContainerSpec,
  networking: Networking,
): Promise<CreateResult> {
  const { node, engineApi, signal } = input;
  const files = await placeFiles(ports, input, task, spec);
  if (files.kind === 'waiting') return files;
  const name = containerName(task, node, spec.name);
  const named = withImagesCalled(spec, input.imageIds);
  const body = containerRequest({ task, spec: named, node, networking, files: files.files, engineApi });
  try {
    const { id } = await ports.engine.createContainer(name, body, { signal });
    input.onCreated(viewOfCreated(id, spec, task));
    return { kind: 'created', id };
  } catch (cause) {
    const fault = TuttiError.from(cause);
    if (fault.code === 'not-found' && /image/i.test(fault.message)) {
      const image = imageLacking(spec, input.imageIds, fault.message);
      input.imageIds.delete(image);
      return { kind: 'image-missing', image };
    }
    if (fault.code !== 'conflict') throw fault;
    const id = await adoptByName(ports.engine, name, task, signal);
    if (id === undefined) throw fault;
    input.onCreated(viewOfCreated(id, spec, task));
    return { kind: 'created', id };
  }
}

function viewOfCreated(id: string, spec: ContainerSpec, task: RunnableTask): ContainerView {
  return { id, taskId: task.id, name: spec.name, graceSeconds: graceSeconds(spec), state: 'created', health: 'none' };
}

/** A create call whose answer was lost has been done after all. Anybody else's container of that name is left alone. */
async function adoptByName(
  engine: ContainerEngine,
  name: string,
  task: RunnableTask,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await engine.listContainers([`${taskLabel}=${task.id}`], { signal });
  return found.find((container) => container.name === name && container.state === 'created')?.id;
}

type PlacedFiles =
  | { readonly kind: 'files'; readonly files: readonly { readonly path: string; readonly target: string }[] }
  | { readonly kind: 'waiting'; readonly missing: readonly string[] };

async function placeFiles(
  { files }: PreparePorts,
  { sources, node }: PrepareInput,
  task: RunnableTask,
  spec: ContainerSpec,
): Promise<PlacedFiles> {
  const targets = fileTargets(spec);
  if (targets.length === 0) return { kind: 'files', files: [] };
  const plan = planFiles(spec, sources, templateContext(task, node));
  const paths =
    plan.kind === 'files'
      ? await files.write(task.root, spec.name, plan.files)
      : await files.existing(task.root, spec.name, targets.length);
  if (paths === undefined) return plan.kind === 'waiting' ? plan : { kind: 'waiting', missing: [] };
  return { kind: 'files', files: paths.map((path, index) => ({ path, target: targets[index] ?? '' })) };
}
