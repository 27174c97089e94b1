import * as z from 'zod';
import { imageOfMount, imagesMounted } from '../../model/container-images.ts';
import type { ContainerImages } from '../../model/container-images.ts';
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
  for (const image of new Set([spec.image, ...imagesMounted(imagesOfRequest(spec))])) {
    const ensured = await images.ensure(nodeId, image, { signal });
    if (ensured.kind === 'nowhere') return { kind: 'nowhere', image };
    // A digest is given by a registry: an image that came from elsewhere has none.
    if (ensured.kind !== 'present' && image.includes('@')) called.set(image, ensured.id);
  }
  return { kind: 'here', called };
};

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
        Mounts: data.HostConfig.Mounts.map((mount) => {
          const mounted = imageOfMount(asMount(mount));
          return mounted === undefined ? mount : { ...mount, Source: called.get(mounted) ?? mounted };
        }),
      },
    }),
  };
};

/** What a request says of its images. */
export const imagesOfRequest = ({
  image,
  request,
}: Pick<SingleContainerSpec, 'image' | 'request'>): ContainerImages => ({
  image,
  mounts: mounting.safeParse(request).data?.HostConfig.Mounts.map(asMount),
});

const mounting = z.object({
  HostConfig: z.looseObject({
    Mounts: z.array(z.looseObject({ Type: z.string().nullish(), Source: z.string().nullish() })),
  }),
});
type Mounting = z.infer<typeof mounting>;

const asMount = ({ Type, Source }: Mounting['HostConfig']['Mounts'][number]) => ({ type: Type, source: Source });
