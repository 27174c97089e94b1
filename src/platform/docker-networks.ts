import type { DockerNetworks } from '../agent/network/ports.ts';
import type { EngineClient } from './engine/client.ts';

/** The bridge networks of an engine. */
export const createDockerNetworks = (
  engine: Pick<EngineClient, 'listNetworks' | 'createNetwork' | 'removeNetwork'>,
): DockerNetworks => ({
  list: async (label, signal) => await engine.listNetworks([label], { signal }),
  create: async ({ name, labels, options, internal, subnet, gateway, ipv6 }, signal) =>
    await engine.createNetwork(
      {
        Name: name,
        Driver: 'bridge',
        Internal: internal,
        Labels: { ...labels },
        Options: { ...options },
        ...(ipv6 !== undefined && { EnableIPv6: true }),
        IPAM: {
          Driver: 'default',
          Config: [
            { Subnet: subnet, Gateway: gateway },
            ...(ipv6 === undefined ? [] : [{ Subnet: ipv6.subnet, Gateway: ipv6.gateway }]),
          ],
        },
      },
      { signal },
    ),
  remove: async (id, signal) => await engine.removeNetwork(id, { signal }),
});
