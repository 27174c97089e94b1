import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Mount } from '../../../model/container.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { count, driver, text, textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';

export const mountSchema = z.strictObject({
  Type: z.string().optional(),
  Source: text.optional(),
  Target: text,
  ReadOnly: z.boolean().optional(),
  Consistency: z.string().optional(),
  BindOptions: z
    .strictObject({
      Propagation: z.string().optional(),
      NonRecursive: z.boolean().optional(),
      CreateMountpoint: z.boolean().optional(),
      ReadOnlyNonRecursive: z.boolean().optional(),
      ReadOnlyForceRecursive: z.boolean().optional(),
    })
    .optional(),
  VolumeOptions: z
    .strictObject({
      NoCopy: z.boolean().optional(),
      Labels: textMap.optional(),
      DriverConfig: driver.optional(),
      Subpath: text.optional(),
    })
    .optional(),
  ImageOptions: z.strictObject({ Subpath: text.optional() }).optional(),
  TmpfsOptions: z
    .strictObject({
      SizeBytes: count.optional(),
      Mode: z.number().int().optional(),
      Options: z.array(z.array(z.string()).min(1).max(2)).optional(),
    })
    .optional(),
});
type DockerMount = z.infer<typeof mountSchema>;

const types = ['bind', 'volume', 'tmpfs', 'image'] as const;

const typeOf = (mount: DockerMount): Mount['type'] => {
  const type = types.find((known) => known === mount.Type);
  if (type !== undefined) return type;
  throw new TuttiError(
    mount.Type === 'npipe' || mount.Type === 'cluster' ? 'not-implemented' : 'invalid-argument',
    `mount of ${mount.Target}: type "${mount.Type ?? ''}" cannot be used; use ${types.join(', ')}`,
  );
};

export const mountFrom = (mount: DockerMount): Mount =>
  sparse({
    type: typeOf(mount),
    source: mount.Source,
    target: mount.Target,
    readOnly: mount.ReadOnly,
    consistency: mount.Consistency,
    bind: given(mount.BindOptions, (bind) =>
      sparse({
        propagation: bind.Propagation,
        nonRecursive: bind.NonRecursive,
        createHostPath: bind.CreateMountpoint,
        readOnlyNonRecursive: bind.ReadOnlyNonRecursive,
        readOnlyForceRecursive: bind.ReadOnlyForceRecursive,
      }),
    ),
    volume: given(mount.VolumeOptions, (volume) =>
      sparse({
        noCopy: volume.NoCopy,
        labels: volume.Labels,
        subpath: volume.Subpath,
        driver: given(volume.DriverConfig, (config) => sparse({ name: config.Name, options: config.Options })),
      }),
    ),
    tmpfs: given(mount.TmpfsOptions, (tmpfs) =>
      sparse({ sizeBytes: tmpfs.SizeBytes, mode: tmpfs.Mode, options: tmpfs.Options }),
    ),
    image: given(mount.ImageOptions, (image) => sparse({ subpath: image.Subpath })),
  });

type BindOptions = NonNullable<Definitions['Mount']['BindOptions']>;

/** `bind.selinux` has no place in Docker's shape; an update keeps it (see carry.ts). */
export const mountTo = (mount: Mount): Definitions['Mount'] =>
  sparse({
    Type: mount.type,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    Consistency: mount.consistency,
    BindOptions: given(mount.bind, (bind) =>
      sparse({
        Propagation: bind.propagation as BindOptions['Propagation'],
        NonRecursive: bind.nonRecursive,
        CreateMountpoint: bind.createHostPath,
        ReadOnlyNonRecursive: bind.readOnlyNonRecursive,
        ReadOnlyForceRecursive: bind.readOnlyForceRecursive,
      }),
    ),
    VolumeOptions: given(mount.volume, (volume) =>
      sparse({
        NoCopy: volume.noCopy,
        Labels: volume.labels,
        Subpath: volume.subpath,
        DriverConfig: given(volume.driver, (config) => sparse({ Name: config.name, Options: config.options })),
      }),
    ),
    TmpfsOptions: given(mount.tmpfs, (tmpfs) =>
      sparse({
        SizeBytes: tmpfs.sizeBytes,
        Mode: tmpfs.mode,
        Options: tmpfs.options?.map((option) => [...option]),
      }),
    ),
    ImageOptions: given(mount.image, (image) => sparse({ Subpath: image.subpath })),
  });
