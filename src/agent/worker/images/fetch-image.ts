import type { AssignedTask } from '../../../model/assignment.ts';
import type { ContainerSpec } from '../../../model/container.ts';
import { imagesMounted } from '../../../model/container-images.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { WorkerContext } from '../context.ts';
import { missingImage } from './missing-image.ts';

export interface FetchInput {
  readonly spec: ContainerSpec;
  readonly assigned: AssignedTask;
  readonly signal: AbortSignal;
  /** Told what goes on, many times a second. */
  readonly say: (message: string) => void;
}

/** Every image of a task once. Of several wishes for one the strongest counts: `always`, then that it may be pulled. */
export const imagesOfTask = (containers: readonly ContainerSpec[]): readonly ContainerSpec[] => {
  const byImage = new Map<string, ContainerSpec>();
  for (const spec of containers.flatMap(imagesOf)) {
    const other = byImage.get(spec.image);
    if (other === undefined || urgency(spec) > urgency(other)) byImage.set(spec.image, spec);
  }
  return [...byImage.values()];
};

const urgency = ({ pullPolicy }: ContainerSpec): number =>
  ['never', 'missing', 'always'].indexOf(pullPolicy ?? 'missing');

/** The images that it mounts, as if each were a container's own that is asked for when it is missing only; then its own. */
const imagesOf = (spec: ContainerSpec): readonly ContainerSpec[] => [
  ...imagesMounted(spec).map((image): ContainerSpec => {
    const { pullPolicy, ...rest } = spec;
    return { ...rest, image, ...(pullPolicy === 'never' && { pullPolicy }) };
  }),
  spec,
];

type Context = Pick<WorkerContext, 'ports' | 'pullImage' | 'imageIds'>;

/**
 * Sees to it that the engine has an image that it lacks, or that is always pulled. What was made in this cluster comes from
 * another node; what a registry gave is asked of the registry, and comes from another node where that fails. A pull that
 * failed is no harm where the engine has the image. Where nobody has it, that is final for this task: another node may
 * reach the registry. Faults of the engine itself are thrown as they are.
 */
export const fetchImage = async (context: Context, input: FetchInput): Promise<void> => {
  const { image, pullPolicy } = input.spec;
  if (pullPolicy !== 'always' || isId(image)) {
    const first = await fromCluster(context, input, false);
    if (first.kind === 'here') return;
    if (first.kind === 'failed') context.ports.log.warn('an image did not come', { image, error: first.fault.message });
    if (!isPulled(input.spec)) throw missingImage(image, first.kind === 'failed' ? first.fault : undefined);
  }
  const fault = await pull(context, input);
  if (fault === undefined || (await isThere(context, input, fault))) return;
  const last = await fromCluster(context, input, true);
  if (last.kind !== 'here') throw missingImage(image, last.kind === 'failed' ? last.fault : fault);
};

const isId = (image: string): boolean => image.startsWith('sha256:');

/** An image named by its content id is in no registry. */
export const isPulled = ({ image, pullPolicy }: ContainerSpec): boolean => pullPolicy !== 'never' && !isId(image);

const pull = async (context: Context, { spec, assigned, signal, say }: FetchInput): Promise<TuttiError | undefined> => {
  const { image } = spec;
  say(`pulling ${image}`);
  try {
    await context.pullImage(image, assigned, signal, (status) => say(`pulling ${image}: ${status}`));
    context.imageIds.delete(image);
    return undefined;
  } catch (cause) {
    const fault = TuttiError.from(cause);
    if (fault.code === 'cancelled') throw fault;
    return fault;
  }
};

/** Whether the engine has an image. */
export const hasImage = async ({ ports, imageIds }: Context, image: string, signal: AbortSignal): Promise<boolean> => {
  try {
    await ports.engine.imageHasHealthcheck(imageIds.get(image) ?? image, { signal });
    return true;
  } catch (cause) {
    const missing = TuttiError.from(cause);
    if (missing.code !== 'not-found') throw missing;
    return false;
  }
};

/** Whether the engine has it after all; the fault of the pull is a warning then. */
const isThere = async (context: Context, { spec, signal }: FetchInput, fault: TuttiError): Promise<boolean> => {
  const { image } = spec;
  const has = await hasImage(context, image, signal);
  if (has) {
    context.ports.log.warn('cannot pull; the image that the engine has is used', { image, error: fault.message });
  }
  return has;
};

type FromCluster = { readonly kind: 'here' | 'elsewhere' } | { readonly kind: 'failed'; readonly fault: TuttiError };

const fromCluster = async (
  { ports, imageIds }: Context,
  { spec, signal, say }: FetchInput,
  pullFailed: boolean,
): Promise<FromCluster> => {
  const { image } = spec;
  if (ports.images === undefined) return { kind: 'elsewhere' };
  try {
    const onProgress = (progress: string) => say(`fetching ${image} from another node: ${progress}`);
    const fetched = await ports.images.fetch(image, { pullFailed, signal, onProgress });
    if (fetched.kind !== 'here') return { kind: 'elsewhere' };
    // What a registry called by its digest has no such name when it comes from a node.
    if (image.includes('@')) imageIds.set(image, fetched.id);
    return { kind: 'here' };
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: 'failed', fault: TuttiError.from(cause) };
  }
};
