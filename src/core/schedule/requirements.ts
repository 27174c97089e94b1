import type { ContainerSpec, GenericResource } from '../../model/container.ts';
import { needsOfContainers } from '../../model/engine-needs.ts';
import type { EngineNeed } from '../../model/engine-needs.ts';
import { hostPortKey } from '../../model/host-port.ts';
import type { TaskSpec } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import { mountedVolumes } from './volumes.ts';
import { parseAttribute } from './attribute.ts';
import type { Attribute } from './attribute.ts';
import { parseConstraint } from './constraint.ts';
import type { Constraint } from './constraint.ts';
import type { GenericNeed } from './generic.ts';

export interface PluginNeed {
  readonly type: 'Volume' | 'Log';
  readonly name: string;
}

/** What the tasks of one specification ask of a node, worked out once. */
export interface Requirements {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly generic: readonly GenericNeed[];
  readonly constraints: readonly Constraint[];
  readonly platforms: readonly { readonly os?: string | undefined; readonly architecture?: string | undefined }[];
  readonly plugins: readonly PluginNeed[];
  readonly engine: readonly EngineNeed[];
  /** Ports taken on the node itself, as `HostPort` calls them. */
  readonly hostPorts: readonly string[];
  /** Names of volumes that it mounts, and that may be the cluster's. */
  readonly volumes: readonly string[];
  /** 0: any number. */
  readonly maxReplicasPerNode: number;
  /** Attributes to spread over, outermost first. */
  readonly preferences: readonly Attribute[];
}

/** What a task asks for. */
export const requirementsOf = ({
  spec,
  slot,
  hostPorts = [],
}: Pick<Task, 'spec' | 'slot' | 'hostPorts'>): Requirements => {
  const reservations = spec.containers.map(({ resources }) => resources?.reservations);
  return {
    nanoCpus: sum(reservations.map((reserved) => reserved?.nanoCpus)),
    memoryBytes: sum(reservations.map((reserved) => reserved?.memoryBytes)),
    generic: genericNeeds(reservations.flatMap((reserved) => reserved?.generic ?? [])),
    constraints: (spec.placement?.constraints ?? []).map(constraintOrNever),
    platforms: spec.placement?.platforms ?? [],
    plugins: pluginNeeds(spec),
    engine: needsOfContainers(spec.containers),
    hostPorts: hostPortKeys(hostPorts),
    // One task per node, and one volume for all of them: nobody means that.
    volumes: slot === undefined ? [] : mountedVolumes(spec),
    maxReplicasPerNode: spec.placement?.maxReplicasPerNode ?? 0,
    preferences: (spec.placement?.preferences ?? []).flatMap(({ spread }) => parseAttribute(spread.trim()) ?? []),
  };
};

/** As `HostPort` calls them; only those whose number, or range, was chosen by the user: the engine finds a free one for the others. */
export const hostPortKeys = (ports: NonNullable<Task['hostPorts']>): readonly string[] =>
  ports.flatMap(({ protocol, published, range, hostAddress = '' }) => {
    const numbers = published === undefined ? range && `${range.first}-${range.last}` : String(published);
    return numbers === undefined ? [] : (hostPortKey(protocol, hostAddress, numbers) ?? []);
  });

const sum = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

/** Specifications are checked when they are made; one that slipped through fits nowhere and says so. */
const constraintOrNever = (text: string): Constraint => {
  const parsed = parseConstraint(text);
  return parsed.kind === 'constraint' ? parsed.constraint : { text, matches: () => false };
};

const genericNeeds = (resources: readonly GenericResource[]): readonly GenericNeed[] => {
  const counts = new Map<string, number>();
  const items: GenericNeed[] = [];
  for (const resource of resources) {
    if (resource.kind === 'named') items.push({ name: resource.name, item: resource.value });
    else counts.set(resource.name, (counts.get(resource.name) ?? 0) + resource.value);
  }
  return [...items, ...[...counts].map(([name, count]) => ({ name, count }))];
};

const pluginNeeds = (spec: TaskSpec): readonly PluginNeed[] => {
  const needs = new Map<string, PluginNeed>();
  for (const need of spec.containers.flatMap((container) => containerPlugins(container, spec))) {
    needs.set(`${need.type} ${need.name}`, need);
  }
  return [...needs.values()];
};

const containerPlugins = (container: ContainerSpec, spec: TaskSpec): readonly PluginNeed[] => {
  const drivers = (container.mounts ?? []).flatMap(({ type, volume }) =>
    type === 'volume' && volume?.driver?.name !== undefined ? [volume.driver.name] : [],
  );
  const log = container.logging?.driver ?? spec.logging?.driver;
  return [
    ...drivers.filter((name) => name !== '' && name !== 'local').map((name) => ({ type: 'Volume' as const, name })),
    ...(log === undefined || log === '' || log === 'none' ? [] : [{ type: 'Log' as const, name: log }]),
  ];
};
