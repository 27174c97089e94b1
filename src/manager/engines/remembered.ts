import type { SingleContainer, SingleContainerStatus } from '../../model/single-container.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { View } from '../../store/store.ts';
import type { ContainerIndex } from './container-index.ts';

/**
 * Puts into the index what the cluster itself remembers of its containers: until its engine is listed that is all that a
 * manager knows of a node, and of one that is lost when the manager begins it stays so.
 */
export const putRemembered = (view: View, index: ContainerIndex): void => {
  for (const row of view.list('container')) {
    if (row.gone === true || row.engineId === undefined) continue;
    index.put(row.nodeId, [summaryOf(row, row.engineId, view.get('containerStatus', row.id))]);
  }
};

const summaryOf = (
  { spec, createdAt }: SingleContainer,
  id: string,
  status: SingleContainerStatus | undefined,
): Definitions['ContainerSummary'] => {
  const { Labels, Cmd } = spec.request;
  const running = status?.running ?? true;
  return {
    Id: id,
    Names: [`/${spec.name}`],
    Image: spec.image,
    ImageID: '',
    Command: Array.isArray(Cmd) ? Cmd.map(String).join(' ') : '',
    Created: Math.floor(createdAt / 1000),
    Ports: [],
    Labels: textsOf(Labels),
    State: running ? 'running' : 'exited',
    Status: '',
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
};

const textsOf = (value: unknown): Record<string, string> =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]))
    : {};
