import * as z from 'zod';
import type { EndpointSpec, PublishedPort } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { sparse } from './sparse.ts';

const portNumber = z.number().int().min(0).max(65_535);

const portSchema = z.strictObject({
  Name: z.string().max(255).optional(),
  Protocol: z.enum(['', 'tcp', 'udp', 'sctp']).optional(),
  TargetPort: portNumber.min(1),
  PublishedPort: portNumber.optional(),
  PublishMode: z.enum(['', 'ingress', 'host']).optional(),
});

export const endpointSchema = z.strictObject({
  Mode: z.enum(['', 'vip', 'dnsrr']).optional(),
  Ports: z.array(portSchema).max(4096).optional(),
});

const portFrom = (port: z.infer<typeof portSchema>): PublishedPort => ({
  protocol: port.Protocol === undefined || port.Protocol === '' ? 'tcp' : port.Protocol,
  target: port.TargetPort,
  mode: port.PublishMode === 'host' ? 'host' : 'ingress',
  ...sparse({
    name: port.Name === '' ? undefined : port.Name,
    published: port.PublishedPort === 0 ? undefined : port.PublishedPort,
  }),
});

export const endpointFrom = (endpoint: z.infer<typeof endpointSchema>): EndpointSpec =>
  sparse({ mode: endpoint.Mode === '' ? undefined : endpoint.Mode, ports: endpoint.Ports?.map(portFrom) });

export const portTo = (port: PublishedPort): Definitions['EndpointPortConfig'] =>
  sparse({
    Name: port.name,
    Protocol: port.protocol,
    TargetPort: port.target,
    PublishedPort: port.published,
    PublishMode: port.mode,
  });

/** Address, range and policy of a port have no place in Docker's shape; an update keeps them (see carry.ts). */
export const endpointTo = (endpoint: EndpointSpec): Definitions['EndpointSpec'] =>
  sparse({ Mode: endpoint.mode, Ports: endpoint.ports?.map(portTo) });
