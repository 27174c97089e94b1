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
          IPAM: { Driver: 'default', Config: [{ Subnet: request.subnet, Gateway: request.gateway }] },
        },
        { signal },
      ),
    remove: async (id: string, signal?: AbortSignal): Promise<boolean> => await engine.removeNetwork(id, { signal }),
  };
}
