import type { ContainerSpec } from './container.ts';
import { imageNamed } from './image-reference.ts';

/** As much of a container as says which images it is made of, whoever asks for it. */
export interface ContainerImages {
  readonly image: string;
  readonly mounts?: readonly PossibleImage[] | undefined;
}

interface PossibleImage {
  readonly type?: string | null | undefined;
  readonly source?: string | null | undefined;
}

/** The image that a mount is of, where it is of one. */
export const imageOfMount = ({ type, source }: PossibleImage): string | undefined =>
  type === 'image' && source !== '' ? (source ?? undefined) : undefined;

/** The images that a container mounts, beside its own. */
export const imagesMounted = ({ mounts = [] }: ContainerImages): readonly string[] =>
  mounts.flatMap((mount) => imageOfMount(mount) ?? []);

/** Which of its images the engine says that it lacks. `called`: what the engine was asked for in the place of each. */
export const imageLacking = (
  container: ContainerImages,
  called: ReadonlyMap<string, string>,
  message: string,
): string => {
  const { image } = container;
  return imageNamed(message, [image, ...imagesMounted(container)], called) ?? image;
};

/** A task's container with its images as the engine is to call them. */
export const withImagesCalled = (spec: ContainerSpec, called: ReadonlyMap<string, string>): ContainerSpec => {
  const mounts = spec.mounts?.map((mount) => {
    const image = imageOfMount(mount);
    return image === undefined ? mount : { ...mount, source: called.get(image) ?? image };
  });
  return { ...spec, image: called.get(spec.image) ?? spec.image, ...(mounts && { mounts }) };
};
