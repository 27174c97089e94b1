import type { Network } from '../../../model/network.ts';
import { networkTo } from './network.ts';
import { objectTo } from './object.ts';
import { sparse } from './sparse.ts';

/**
 * A network as tasks have it: Swarm's own object, which is another shape than `GET /networks/{id}` gives. (The specification
 * names the latter for both; its example, every engine and the clients have this one.)
 */
export const attachedNetworkTo = (network: Network) => {
  const {
    Name,
    Labels,
    Driver = '',
    Options,
    Internal,
    Attachable,
    Ingress,
    EnableIPv6,
    IPAM,
    Scope,
  } = networkTo(network);
  const driver = sparse({ Name: Driver, Options: Object.keys(Options ?? {}).length > 0 ? Options : undefined });
  const ipam = {
    Driver: sparse({ Name: IPAM?.Driver, Options: IPAM?.Options }),
    Configs: IPAM?.Config?.map(({ Subnet, IPRange, Gateway }) => sparse({ Subnet, Range: IPRange, Gateway })),
  };
  return {
    ...objectTo(network),
    Spec: {
      Name,
      Labels,
      DriverConfiguration: driver,
      // What is false Swarm leaves out.
      ...sparse({
        IPv6Enabled: EnableIPv6 || undefined,
        Internal: Internal || undefined,
        Attachable: Attachable || undefined,
        Ingress: Ingress || undefined,
      }),
      IPAMOptions: ipam,
      Scope,
    },
    DriverState: driver,
    IPAMOptions: ipam,
  };
};
