import * as z from 'zod';
import { sparse } from './sparse.ts';

const names = z.array(z.string()).nullish();

/** What is read of an image in an engine's list; everything else passes through. */
export const imageSummary = z.looseObject({
  Id: z.string(),
  Created: z.number(),
  RepoTags: names,
  RepoDigests: names,
  Labels: z.record(z.string(), z.string()).nullish(),
  Containers: z.number().optional(),
});
export type ImageSummary = z.infer<typeof imageSummary>;

export interface NodeImages {
  readonly nodeName: string;
  readonly images: readonly ImageSummary[];
}

export interface MergedImage extends ImageSummary {
  readonly RepoTags: string[];
  readonly RepoDigests: string[];
  /** Names of the nodes that have it. */
  readonly Nodes: readonly string[];
}

/** How older versions of the API write that there is none. */
const none = /^<none>[:@]<none>$/;
const real = (given: readonly string[] | null | undefined): readonly string[] =>
  (given ?? []).filter((name) => !none.test(name));
const union = (lists: readonly (readonly string[] | null | undefined)[]): string[] => [...new Set(lists.flatMap(real))];

/** Names that different images have → the id of the one that is meant; of others it is the newest. */
export type Meant = ReadonlyMap<string, string>;

/** Names that are one image's on some nodes and another's on others. */
export const doubtfulNames = (nodes: readonly NodeImages[]): readonly string[] => {
  const ids = new Map<string, string>();
  const doubtful = new Set<string>();
  for (const { images } of nodes) {
    for (const { Id, RepoTags } of images) {
      for (const tag of real(RepoTags)) {
        if ((ids.get(tag) ?? Id) !== Id) doubtful.add(tag);
        ids.set(tag, Id);
      }
    }
  }
  return [...doubtful];
};

/** One list of the images of all nodes, newest first: an image is there once, with the names that any node has for it. */
export const mergeImages = (nodes: readonly NodeImages[], meant: Meant = new Map()): readonly MergedImage[] => {
  const byId = new Map<string, { readonly nodeName: string; readonly image: ImageSummary }[]>();
  for (const { nodeName, images } of nodes) {
    for (const image of images) {
      const same = byId.get(image.Id);
      if (same === undefined) byId.set(image.Id, [{ nodeName, image }]);
      else same.push({ nodeName, image });
    }
  }
  const merged = [...byId.values()].flatMap((copies) => mergeCopies(copies));
  return namedOnce(
    merged.toSorted((a, b) => b.Created - a.Created),
    meant,
  );
};

const mergeCopies = (
  copies: readonly { readonly nodeName: string; readonly image: ImageSummary }[],
): readonly MergedImage[] => {
  const [first] = copies;
  if (first === undefined) return [];
  const images = copies.map(({ image }) => image);
  const tags = union(images.map(({ RepoTags }) => RepoTags));
  const digests = union(images.map(({ RepoDigests }) => RepoDigests));
  const counts = images
    .map(({ Containers }) => Containers)
    .filter((count): count is number => count !== undefined && count >= 0);
  return [
    {
      ...first.image,
      Labels: first.image.Labels ?? {},
      // An engine's own way to say that there is none stays.
      RepoTags: tags.length > 0 ? tags : [...(first.image.RepoTags ?? [])],
      RepoDigests: digests.length > 0 ? digests : [...(first.image.RepoDigests ?? [])],
      ...sparse({ Containers: counts.length === 0 ? first.image.Containers : counts.reduce((a, b) => a + b, 0) }),
      Nodes: copies.map(({ nodeName }) => nodeName).toSorted(),
    },
  ];
};

/**
 * A name means one image. One that was given to another image while a node was away is shown at the one that is meant,
 * else at the newer: given newest first.
 */
const namedOnce = (images: readonly MergedImage[], meant: Meant): readonly MergedImage[] => {
  const taken = new Set<string>();
  return images.map((image) => {
    const isIts = (tag: string): boolean => !taken.has(tag) && (meant.get(tag) ?? image.Id) === image.Id;
    const own = image.RepoTags.filter((tag) => none.test(tag) || isIts(tag));
    for (const tag of own) taken.add(tag);
    return own.length === image.RepoTags.length ? image : { ...image, RepoTags: own };
  });
};

/** Nothing names it: what `dangling` filters ask for. */
export const isDangling = ({ RepoTags }: MergedImage): boolean => real(RepoTags).length === 0;

const inspected = z.looseObject({ RepoTags: names, RepoDigests: names });

/** What several nodes say of one image, as one: with the names that any of them has for it. */
export const mergeInspections = (
  copies: readonly { readonly nodeName: string; readonly image: Readonly<Record<string, unknown>> }[],
): unknown => {
  const parsed = copies.map(({ image }) => inspected.parse(image));
  return {
    ...copies[0]?.image,
    RepoTags: union(parsed.map(({ RepoTags }) => RepoTags)),
    RepoDigests: union(parsed.map(({ RepoDigests }) => RepoDigests)),
    Nodes: copies.map(({ nodeName }) => nodeName).toSorted(),
  };
};
