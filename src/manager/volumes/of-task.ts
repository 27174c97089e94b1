import { mountedVolumes } from '../../core/schedule/volumes.ts';
import type { NodeId } from '../../model/ids.ts';
import type { TaskSpec } from '../../model/service.ts';
import type { Volume } from '../../model/volume.ts';
import type { View } from '../../store/store.ts';

/**
 * The volumes of the cluster that a task mounts which is to run on the node: those that are there and those that are
 * promised, which come with it. `elsewhere`: one is on other nodes alone.
 */
export const volumesOn = (view: View, spec: TaskSpec, nodeId: NodeId): readonly Volume[] | 'elsewhere' => {
  const found: Volume[] = [];
  for (const name of mountedVolumes(spec)) {
    const rows = view.find('volume', 'name', name);
    const row = rows.find((one) => one.nodeId === nodeId) ?? rows.find((one) => one.nodeId === undefined);
    if (row !== undefined) found.push(row);
    else if (rows.length > 0) return 'elsewhere';
  }
  return found;
};

/** The engine makes a volume as the first mount of it says: what was asked for when it was promised, it says too. */
export const withVolumes = (spec: TaskSpec, volumes: readonly Volume[]): TaskSpec => {
  const special = volumes.filter(({ spec: { driver, options, labels } }) => {
    const given = Object.keys(options ?? {}).length + Object.keys(labels ?? {}).length;
    return driver !== 'local' || given > 0;
  });
  if (special.length === 0) return spec;
  return { ...spec, containers: spec.containers.map((container) => withMounts(container, special)) };
};

type Container = TaskSpec['containers'][number];
type Mount = NonNullable<Container['mounts']>[number];

const withMounts = (container: Container, volumes: readonly Volume[]): Container =>
  container.mounts === undefined
    ? container
    : { ...container, mounts: container.mounts.map((mount) => asPromised(mount, volumes)) };

const asPromised = (mount: Mount, volumes: readonly Volume[]): Mount => {
  const promised = mount.type === 'volume' ? volumes.find(({ spec }) => spec.name === mount.source)?.spec : undefined;
  // A service that says itself what the volume is to be is taken at its word, as engines do.
  if (promised === undefined || mount.volume?.driver !== undefined) return mount;
  const { driver: name, options, labels } = promised;
  return {
    ...mount,
    volume: {
      ...mount.volume,
      labels: { ...labels, ...mount.volume?.labels },
      driver: { name, ...(options !== undefined && { options }) },
    },
  };
};
