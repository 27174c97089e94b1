import * as z from 'zod';
import { imageNamed } from '../../model/image-reference.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import type { ContainerPorts } from './ports.ts';

type Request = SingleContainerSpec['request'];

export type Brought =
  /** `called`: what the node's engine is to call each image, by what the request calls it. */
  | { readonly kind: 'here'; readonly called: ReadonlyMap<string, string> }
  | { readonly kind: 'nowhere'; readonly image: string };

/** Brings the container's image, and those that it mounts, to its node. */
export const bringImages = async (
  { images }: ContainerPorts,
  { nodeId, spec }: SingleContainer,
  signal: AbortSignal,
): Promise<Brought> => {
  const called = new Map<string, string>();
  if (images === undefined) return { kind: 'here', called };
  for (const image of new Set([spec.image, ...imagesMounted(spec.request)])) {
    const ensured = await images.ensure(nodeId, image, { signal });
    if (ensured.kind === 'nowhere') return { kind: 'nowhere', image };
    // A digest is given by a registry: an image that came from elsewhere has none.
    if (ensured.kind !== 'present' && image.includes('@')) called.set(image, ensured.id);
  }
  return { kind: 'here', called };
};

/** Which of a container's images its engine says that it lacks, as the request calls it. */
export const imageLacking = (
  { image, request }: Pick<SingleContainerSpec, 'image' | 'request'>,
  called: ReadonlyMap<string, string>,
  message: string,
): string => imageNamed(message, [image, ...imagesMounted(request)], (name) => called.get(name) ?? name) ?? image;

/** The request with the images as the engine is to call them. */
export const withImages = (request: Request, image: string, called: ReadonlyMap<string, string>): Request => {
  if (called.size === 0) return request;
  const { data } = mounting.safeParse(request);
  return {
    ...request,
    Image: called.get(image) ?? image,
    ...(data !== undefined && {
      HostConfig: {
        ...data.HostConfig,
        Mounts: data.HostConfig.Mounts.map((mount) =>
          isImage(mount) ? { ...mount, Source: called.get(mount.Source) ?? mount.Source } : mount,
        ),
      },
    }),
  };
};

const imagesMounted = (request: Request): readonly string[] =>
  (mounting.safeParse(request).data?.HostConfig.Mounts ?? []).filter(isImage).map(({ Source }) => Source);

const mounting = z.object({
  HostConfig: z.looseObject({
    Mounts: z.array(z.looseObject({ Type: z.string().nullish(), Source: z.string().nullish() })),
  }),
});

type Mount = { readonly Type?: string | null | undefined; readonly Source?: string | null | undefined };

const isImage = <Any extends Mount>(mount: Any): mount is Any & { readonly Source: string } =>
  mount.Type === 'image' && (mount.Source ?? '') !== '';
