import type { EngineClient } from './engine/client.ts';
import type { ListedNetwork } from './engine/networks.ts';

/** The bridge networks of an engine, as the agent's port `DockerNetworks` has them. */
export function createDockerNetworks(engine: Pick<EngineClient, 'listNetworks' | 'createNetwork' | 'removeNetwork'>) {
  return {
    list: async (label: string, signal?: AbortSignal): Promise<readonly ListedNetwork[]> =>
      await engine.listNetworks([label], { signal }),
    create: async (
      request: {
        readonly name: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly options: Readonly<Record<string, string>>;
        readonly internal: boolean;
        readonly subnet: string;
        readonly gateway: string;
        readonly ipv6?: { readonly subnet: string; readonly gateway: string } | undefined;
      },
      signal?: AbortSignal,
    ): Promise<string> =>
      await engine.createNetwork(
        {
          Name: request.name,
          Driver: 'bridge',
          Internal: request.internal,
          Labels: { ...request.labels },
          Options: { ...request.options },
          ...(request.ipv6 !== undefined && { EnableIPv6: true }),
          IPAM: {
            Driver: 'default',
            Config: [request, ...(request.ipv6 === undefined ? [] : [request.ipv6])].map(({ subnet, gateway }) => ({
              Subnet: subnet,
              Gateway: gateway,
            })),
          },
        },
        { signal },
      ),
    remove: async (id: string, signal?: AbortSignal): Promise<boolean> => await engine.removeNetwork(id, { signal }),
  };
}
