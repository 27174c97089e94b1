import * as z from 'zod';
import type { NodeRecord } from '../../../manager/manager.ts';
import type { NodeDescription, NodeSpec } from '../../../model/node.ts';
import { nodeAvailability, nodeRole } from '../../../model/node.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { objectTo } from './object.ts';
import { genericsTo } from './resources.ts';
import { textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';
import type { TlsInfo } from './tls-info.ts';

export const nodeSchema = z.strictObject({
  Name: z.string().optional(),
  Labels: textMap.optional(),
  Role: nodeRole,
  Availability: nodeAvailability,
});

export const nodeSpecFrom = (spec: z.infer<typeof nodeSchema>): NodeSpec =>
  sparse({
    name: spec.Name === '' ? undefined : spec.Name,
    labels: spec.Labels,
    role: spec.Role,
    availability: spec.Availability,
  });

export const nodeSpecTo = (spec: NodeSpec): Definitions['NodeSpec'] =>
  sparse({ Name: spec.name, Labels: spec.labels ?? {}, Role: spec.role, Availability: spec.availability });

/** `tls` is of the authority that the cluster trusts. */
export const nodeTo = ({ node, status, manager }: NodeRecord, tls: TlsInfo): Definitions['Node'] =>
  sparse({
    ...objectTo(node),
    Spec: nodeSpecTo(node.spec),
    Description: descriptionTo(node.description, tls),
    Status: sparse({
      State: status.state,
      Message: status.message === '' ? undefined : status.message,
      Addr: node.description?.address ?? status.address ?? '0.0.0.0',
    }),
    ManagerStatus: given(manager, (role) => ({
      Leader: role.leader,
      Reachability: role.reachable ? ('reachable' as const) : ('unreachable' as const),
      Addr: role.address,
    })),
  });

const descriptionTo = (description: NodeDescription | undefined, tls: TlsInfo): Definitions['NodeDescription'] => ({
  ...given(description, (known) => ({
    Hostname: known.hostname,
    Platform: { Architecture: dockerArchitecture(known.platform.architecture), OS: known.platform.os },
    Resources: sparse({
      NanoCPUs: known.resources.nanoCpus,
      MemoryBytes: known.resources.memoryBytes,
      GenericResources: given(known.resources.generic, genericsTo),
    }),
    Engine: sparse({
      EngineVersion: known.engine.version,
      Labels: known.engine.labels,
      Plugins: given(known.engine.plugins, pluginsTo),
    }),
  })),
  TLSInfo: tls,
});

/** Nodes tell the kernel's names in Docker's API. */
const dockerArchitecture = (architecture: string): string =>
  ({ amd64: 'x86_64', arm64: 'aarch64' })[architecture] ?? architecture;

/** By kind, then by name, as Docker lists them. */
const pluginsTo = (plugins: NonNullable<NodeDescription['engine']['plugins']>) =>
  plugins
    .map((plugin) => ({ Type: plugin.type, Name: plugin.name }))
    .toSorted((left, right) => left.Type.localeCompare(right.Type) || left.Name.localeCompare(right.Name));
