import type { ConfigId, NetworkId, SecretId } from '../../model/ids.ts';
import type { ContainerSpec } from '../../model/container.ts';
import { mapFiles } from '../../model/file-references.ts';
import { renameCertificates } from '../../model/route-labels.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { CurrentState } from './action.ts';

/** Gives a name for an id, or the id back where nothing has it. */
export type Rename = (reference: string) => string;

export interface Renames {
  readonly network: Rename;
  readonly secret: Rename;
  readonly config: Rename;
}

/** A service whose references to networks, secrets and configs went through `renames`. */
export function renameReferences(spec: ServiceSpec, renames: Renames): ServiceSpec {
  const { networks, containers } = spec.task;
  const labels = renameCertificates(spec.labels, renames.secret);
  return {
    ...spec,
    ...(labels === undefined ? {} : { labels }),
    task: {
      ...spec.task,
      containers: containers.map((container) => renameInContainer(container, renames)),
      ...(networks === undefined
        ? {}
        : { networks: networks.map((one) => ({ ...one, networkId: renames.network(one.networkId) as NetworkId })) }),
    },
  };
}

const renameInContainer = (container: ContainerSpec, { secret, config }: Renames): ContainerSpec =>
  mapFiles(container, {
    secret: (one) => {
      const name = secret(one.secretId);
      return { ...one, secretId: name as SecretId, secretName: name };
    },
    config: (one) => {
      const name = config(one.configId);
      return { ...one, configId: name as ConfigId, configName: name };
    },
  });

/** The stored form, with ids, as the form of a stack, with names. */
export function toNames(current: CurrentState): (spec: ServiceSpec) => ServiceSpec {
  const names = (objects: readonly { readonly id: string; readonly spec: { readonly name: string } }[]): Rename => {
    const byId = new Map(objects.map(({ id, spec }) => [id, spec.name]));
    return (id) => byId.get(id) ?? id;
  };
  const renames: Renames = {
    network: names(current.networks),
    secret: names(current.secrets),
    config: names(current.configs),
  };
  return (spec) => renameReferences(spec, renames);
}
