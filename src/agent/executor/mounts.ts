import type { Mount } from '../../model/container.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import { expand } from './template.ts';
import type { TemplateContext } from './template.ts';

/** Mounts in the three forms that the engine takes them in. */
export interface EngineMounts {
  readonly mounts: Definitions['Mount'][];
  /** `source:target[:options]`: only these make a missing host path, and relabel for SELinux. */
  readonly binds: string[];
  /** Target → options: only these take arbitrary tmpfs options on every engine. */
  readonly tmpfs: Record<string, string>;
}

export function engineMounts(mounts: readonly Mount[], context: TemplateContext): EngineMounts {
  const result: EngineMounts = { mounts: [], binds: [], tmpfs: {} };
  for (const declared of mounts) {
    const mount = expandMount(declared, context);
    if (mount.type === 'bind' && (mount.bind?.createHostPath === true || mount.bind?.selinux !== undefined)) {
      result.binds.push(bindString(mount));
    } else if (mount.type === 'tmpfs' && mount.tmpfs?.options !== undefined) {
      result.tmpfs[mount.target] = tmpfsString(mount);
    } else {
      result.mounts.push(engineMount(mount));
    }
  }
  return result;
}

function expandMount(mount: Mount, context: TemplateContext): Mount {
  const values = (map: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [name, expand(value, context)]));
  const { volume } = mount;
  return {
    ...mount,
    target: expand(mount.target, context),
    ...(mount.source === undefined ? {} : { source: expand(mount.source, context) }),
    ...(volume === undefined
      ? {}
      : {
          volume: {
            ...volume,
            ...(volume.labels === undefined ? {} : { labels: values(volume.labels) }),
            ...(volume.driver?.options === undefined
              ? {}
              : { driver: { ...volume.driver, options: values(volume.driver.options) } }),
          },
        }),
  };
}

function bindString(mount: Mount): string {
  const selinux = mount.bind?.selinux;
  const options = [
    ...(mount.readOnly === true ? ['ro'] : []),
    ...(selinux === undefined ? [] : [selinux]),
    ...(mount.bind?.propagation === undefined ? [] : [mount.bind.propagation]),
  ];
  return [mount.source ?? '', mount.target, ...(options.length === 0 ? [] : [options.join(',')])].join(':');
}

function tmpfsString({ readOnly, tmpfs }: Mount): string {
  return [
    ...(readOnly === true ? ['ro'] : []),
    ...(tmpfs?.sizeBytes === undefined ? [] : [`size=${tmpfs.sizeBytes}`]),
    ...(tmpfs?.mode === undefined ? [] : [`mode=${tmpfs.mode.toString(8)}`]),
    ...(tmpfs?.options ?? []).map((option) => option.join('=')),
  ].join(',');
}

function engineMount(mount: Mount): Definitions['Mount'] {
  return {
    Type: mount.type,
    Target: mount.target,
    ...(mount.source === undefined ? {} : { Source: mount.source }),
    ...(mount.readOnly === undefined ? {} : { ReadOnly: mount.readOnly }),
    ...(mount.consistency === undefined ? {} : { Consistency: mount.consistency }),
    ...bindOptions(mount),
    ...volumeOptions(mount),
    ...tmpfsOptions(mount),
    ...(mount.image?.subpath === undefined ? {} : { ImageOptions: { Subpath: mount.image.subpath } }),
  };
}

type Propagation = NonNullable<NonNullable<Definitions['Mount']['BindOptions']>['Propagation']>;

function bindOptions({ bind }: Mount): Pick<Definitions['Mount'], 'BindOptions'> {
  if (bind === undefined) return {};
  return {
    BindOptions: {
      ...(bind.propagation === undefined ? {} : { Propagation: bind.propagation as Propagation }),
      ...(bind.nonRecursive === undefined ? {} : { NonRecursive: bind.nonRecursive }),
      ...(bind.readOnlyNonRecursive === undefined ? {} : { ReadOnlyNonRecursive: bind.readOnlyNonRecursive }),
      ...(bind.readOnlyForceRecursive === undefined ? {} : { ReadOnlyForceRecursive: bind.readOnlyForceRecursive }),
    },
  };
}

function volumeOptions({ volume }: Mount): Pick<Definitions['Mount'], 'VolumeOptions'> {
  if (volume === undefined) return {};
  const { driver } = volume;
  return {
    VolumeOptions: {
      ...(volume.noCopy === undefined ? {} : { NoCopy: volume.noCopy }),
      ...(volume.subpath === undefined ? {} : { Subpath: volume.subpath }),
      ...(volume.labels === undefined ? {} : { Labels: { ...volume.labels } }),
      ...(driver === undefined
        ? {}
        : {
            DriverConfig: {
              ...(driver.name === undefined ? {} : { Name: driver.name }),
              ...(driver.options === undefined ? {} : { Options: { ...driver.options } }),
            },
          }),
    },
  };
}

function tmpfsOptions({ tmpfs }: Mount): Pick<Definitions['Mount'], 'TmpfsOptions'> {
  if (tmpfs === undefined) return {};
  return {
    TmpfsOptions: {
      ...(tmpfs.sizeBytes === undefined ? {} : { SizeBytes: tmpfs.sizeBytes }),
      ...(tmpfs.mode === undefined ? {} : { Mode: tmpfs.mode }),
    },
  };
}
