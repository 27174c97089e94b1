import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import type { CallOptions, EngineCalls } from './calls.ts';
import { parseList } from './parse.ts';
import type { Definitions } from './types.generated.ts';

/** A network of the engine. */
export interface ListedNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly internal: boolean;
  readonly subnets: readonly { readonly subnet: string; readonly gateway?: string }[];
}

const deadlineMs = 30_000;

const network = z.object({
  Id: z.string(),
  Name: z.string(),
  Driver: z.string(),
  Internal: z.boolean().default(false),
  Labels: z.record(z.string(), z.string()).nullish(),
  Options: z.record(z.string(), z.string()).nullish(),
  IPAM: z.object({
    Config: z.array(z.object({ Subnet: z.string().optional(), Gateway: z.string().optional() })).nullish(),
  }),
});

const created = z.object({ Id: z.string() });

/** Networks of the engine. Faults: `not-found`, `conflict` (name taken), `permission-denied` (in use or predefined). */
export function networkOperations(calls: EngineCalls) {
  return {
    async listNetworks(labels: readonly string[], options: CallOptions = {}): Promise<ListedNetwork[]> {
      const query = { filters: { label: labels } };
      const operation = { method: 'GET', path: '/networks', query, deadlineMs } as const;
      return parseList(network, (await calls.json(operation, options)).value).map(listed);
    },

    async createNetwork(body: Definitions['NetworkCreateRequest'], options: CallOptions = {}): Promise<string> {
      const operation = { method: 'POST', path: '/networks/create', json: body, deadlineMs } as const;
      return created.parse((await calls.json(operation, options)).value).Id;
    },

    /** False when there was none. */
    async removeNetwork(id: string, options: CallOptions = {}): Promise<boolean> {
      try {
        await calls.json({ method: 'DELETE', path: `/networks/${encodeURIComponent(id)}`, deadlineMs }, options);
        return true;
      } catch (cause) {
        if (TuttiError.from(cause).code === 'not-found') return false;
        throw cause;
      }
    },

    async connectNetwork(
      networkName: string,
      containerId: string,
      endpoint: Definitions['EndpointSettings'],
      options: CallOptions = {},
    ): Promise<void> {
      const path = `/networks/${encodeURIComponent(networkName)}/connect`;
      const json = { Container: containerId, EndpointConfig: endpoint };
      await calls.json({ method: 'POST', path, json, deadlineMs }, options);
    },
  };
}

function listed(found: z.infer<typeof network>): ListedNetwork {
  return {
    id: found.Id,
    name: found.Name,
    driver: found.Driver,
    labels: found.Labels ?? {},
    options: found.Options ?? {},
    internal: found.Internal,
    subnets: (found.IPAM.Config ?? []).flatMap(({ Subnet: subnet, Gateway: gateway }) =>
      subnet === undefined ? [] : [gateway === undefined ? { subnet } : { subnet, gateway }],
    ),
  };
}
