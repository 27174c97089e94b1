import { compareApi } from '../../model/api-version.ts';
import { needsOfMount } from '../../model/engine-needs.ts';
import type { Mount } from '../../model/container.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import { expand } from './template.ts';
import type { TemplateContext } from './template.ts';

/** Mounts in the three forms that the engine takes them in. */
export interface EngineMounts {
  readonly mounts: Definitions['Mount'][];
  /** `source:target[:options]`: only these relabel for SELinux and, before API 1.42, make a missing host path. */
  readonly binds: string[];
  /** Target → options: only these take arbitrary tmpfs options on every engine. */
  readonly tmpfs: Record<string, string>;
}

/**
 * @param api The version that is spoken with the engine.
 * @throws TuttiError `invalid-argument` for a bad template, and for an option that this engine would pass over without a word.
 */
export function engineMounts(mounts: readonly Mount[], context: TemplateContext, api: string): EngineMounts {
  const result: EngineMounts = { mounts: [], binds: [], tmpfs: {} };
  for (const declared of mounts) {
    const mount = expandMount(declared, context);
    refuseUnknown(mount, api);
    if (mount.type === 'bind' && isBindString(mount, api)) {
      result.binds.push(bindString(mount));
    } else if (mount.type === 'tmpfs' && mount.tmpfs?.options !== undefined) {
      result.tmpfs[mount.target] = tmpfsString(mount);
    } else {
      result.mounts.push(engineMount(mount));
    }
  }
  return result;
}

/** First API version that makes a missing host path for a mount that is no string. */
const createMountpointApi = '1.42';

/** The scheduler keeps tasks off engines that are too old; one may be replaced by an older one afterwards. */
function refuseUnknown(mount: Mount, api: string): void {
  const missing = needsOfMount(mount).find((need) => compareApi(api, need.api) < 0);
  if (missing === undefined) return;
  throw new TuttiError(
    'invalid-argument',
    `mount of ${mount.target}: ${missing.what} needs Docker Engine ${missing.release} (API ${missing.api}), ` +
      `this node's has API ${api}; update it`,
  );
}

/** Strings cannot say that what is mounted below the path stays out: a missing path is then the engine's error. */
function isBindString({ bind }: Mount, api: string): boolean {
  if (bind?.selinux !== undefined) return true;
  const isOld = compareApi(api, createMountpointApi) < 0;
  return isOld && bind?.createHostPath === true && bind.nonRecursive !== true;
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
    ...(mount.consistency === undefined || mount.consistency === 'default' ? [] : [mount.consistency]),
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
      ...(bind.createHostPath === undefined ? {} : { CreateMountpoint: bind.createHostPath }),
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
