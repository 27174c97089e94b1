import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Node } from '../../../model/node.ts';
import { nodeName } from '../../../model/node.ts';
import type { Volume, VolumeSpec } from '../../../model/volume.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { textMap } from './schema.ts';
import { sparse } from './sparse.ts';
import { timestampOf } from './time.ts';

export const volumeSchema = z.strictObject({
  Name: z.string().optional(),
  Driver: z.string().optional(),
  DriverOpts: textMap.optional(),
  Labels: textMap.optional(),
  ClusterVolumeSpec: z.unknown().optional(),
});
type DockerVolumeOptions = z.infer<typeof volumeSchema>;

/** As classic Swarm added it to what its engines said. */
interface NodeOfObject {
  readonly ID: string;
  readonly Name: string;
  readonly IP: string;
  readonly Addr: string;
}

export type DockerVolume = Definitions['Volume'] & { readonly Node?: NodeOfObject };

/** Throws `not-implemented` for volumes of CSI drivers. */
export const volumeFrom = (options: DockerVolumeOptions, name: string): VolumeSpec => {
  if (options.ClusterVolumeSpec !== undefined) {
    throw new TuttiError(
      'not-implemented',
      'cluster volumes are made by CSI plugins, which tutti does not run: use a volume of one node, or a local volume with NFS options',
    );
  }
  const driver = options.Driver === undefined || options.Driver === '' ? 'local' : options.Driver;
  return sparse({ name, driver, options: options.DriverOpts, labels: options.Labels });
};

export const nodeOf = (node: Node): NodeOfObject => {
  const address = node.description?.address ?? '';
  return { ID: node.id, Name: nodeName(node), IP: address, Addr: address };
};

/** What an engine says of its volume, with the node it is on. */
export const volumeTo = (volume: Definitions['Volume'], node: Node, name = volume.Name): DockerVolume => ({
  ...volume,
  Name: name,
  // The docker command shows no field that it does not know, but all of this one.
  Status: { ...volume.Status, Node: { ID: node.id, Name: nodeName(node) } },
  Node: nodeOf(node),
});

/**
 * A volume that no engine can be asked of: promised, or on a node that does not answer. `Mountpoint` is where engines
 * keep volumes by default, or the one that is described as the whole cluster's.
 */
export const rowTo = (
  { spec, createdAt }: Volume,
  node: Node | undefined,
  rootDirectory = '/var/lib/docker',
): DockerVolume => ({
  Name: spec.name,
  Driver: spec.driver,
  Mountpoint: spec.driver === 'local' ? `${rootDirectory}/volumes/${spec.name}/_data` : '',
  CreatedAt: timestampOf(createdAt),
  Labels: { ...spec.labels },
  Options: { ...spec.options },
  Scope: 'local',
  // A promised one looks as it will on the engine that makes it: clients compare.
  ...(node !== undefined && {
    Status: {
      Placement: { State: 'unreachable', Message: `node ${nodeName(node)} does not answer` },
      Node: { ID: node.id, Name: nodeName(node) },
    },
    Node: nodeOf(node),
  }),
});
