import * as z from 'zod';
import { clusterSpec } from '../../../model/cluster.ts';
import { TuttiError } from '../../../model/errors.ts';
import { chunkOf } from '../../../rpc/body.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import { empty, json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { flagOf } from '../../http/request.ts';
import { clusterFrom, swarmSchema } from '../convert/cluster.ts';
import { readBody } from '../input.ts';
import { lastManager } from '../swarm-texts.ts';
import { textOf } from './pass-on.ts';
import type { MachinePorts, Membership, NewCluster } from './ports.ts';

const availability = z.enum(['active', 'pause', 'drain']).optional();
const text = z.string().max(255).optional();

const initSchema = z.strictObject({
  ListenAddr: text,
  AdvertiseAddr: text,
  DataPathAddr: text,
  DataPathPort: z.number().int().min(0).max(65_535).optional(),
  DefaultAddrPool: z.array(z.string()).max(64).optional(),
  SubnetSize: z.number().int().min(0).max(32).optional(),
  ForceNewCluster: z.boolean().optional(),
  AutoLockManagers: z.boolean().optional(),
  Availability: z.union([z.literal(''), availability]).optional(),
  Spec: swarmSchema.optional(),
});

const joinSchema = z.strictObject({
  ListenAddr: text,
  AdvertiseAddr: text,
  DataPathAddr: text,
  RemoteAddrs: z.array(z.string().max(255)).min(1, 'at least one manager is needed').max(100),
  JoinToken: z.string().max(255),
  Availability: z.union([z.literal(''), availability]).optional(),
});

/** The port of the VXLAN device; Docker's own is 4789. */
const dataPathPorts = [undefined, 0, 4789];

const splitAddress = (given: string | undefined): { readonly host?: string; readonly port?: number } => {
  if (given === undefined || given === '') return {};
  const match = /^(?<host>[^:]*)(?::(?<port>\d{1,5}))?$/.exec(given);
  if (match?.groups === undefined)
    throw new TuttiError('invalid-argument', `invalid address ${given}: HOST or HOST:PORT`);
  const { host = '', port } = match.groups;
  const any = host === '' || host === '0.0.0.0';
  return { ...(!any && { host }), ...(port !== undefined && { port: Number(port) }) };
};

/** The address that others reach this machine by: what is advertised, else what is listened on. */
const addressOf = ({
  AdvertiseAddr,
  ListenAddr,
  DataPathAddr,
}: z.infer<typeof joinSchema> | z.infer<typeof initSchema>) => {
  const address = splitAddress(AdvertiseAddr).host ?? splitAddress(ListenAddr).host;
  const data = splitAddress(DataPathAddr).host;
  if (data !== undefined && data !== address) {
    throw new TuttiError(
      'not-implemented',
      `--data-path-addr ${data}: a node has one address, for both kinds of traffic`,
    );
  }
  return address === undefined ? {} : { address };
};

const newCluster = (given: z.infer<typeof initSchema>): NewCluster => {
  if (!dataPathPorts.includes(given.DataPathPort)) {
    throw new TuttiError(
      'not-implemented',
      `--data-path-port ${given.DataPathPort}: the port of the overlay is fixed, 4797`,
    );
  }
  const port = splitAddress(given.AdvertiseAddr).port ?? splitAddress(given.ListenAddr).port;
  const pools = given.DefaultAddrPool ?? [];
  return {
    ...addressOf(given),
    ...(port !== undefined && { port }),
    ...(pools.length > 0 && { addressPools: pools }),
    ...(given.SubnetSize !== undefined && given.SubnetSize > 0 && { subnetPrefix: given.SubnetSize }),
  };
};

const okOrThrow = async (response: NodeResponse): Promise<unknown> => {
  const body: unknown = JSON.parse((await textOf(response)) || 'null');
  if (response.status < 300) return body;
  const message = typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : '';
  throw new TuttiError('internal', message);
};

const versioned = z.object({ Version: z.object({ Index: z.number() }) });
const described = versioned.extend({ Spec: z.record(z.string(), z.unknown()) });

/** What `init` was given beside its address, as clients of the new cluster would set it. */
const settle = async (
  { manager }: MachinePorts,
  nodeId: string,
  { Spec, AutoLockManagers, Availability }: z.infer<typeof initSchema>,
  signal: AbortSignal,
): Promise<void> => {
  const call = async (method: string, path: string, value?: unknown): Promise<unknown> => {
    const bytes = Buffer.from(JSON.stringify(value ?? ''));
    const body = chunkOf(bytes);
    const headers = { 'content-type': 'application/json', 'content-length': String(bytes.length) };
    return await okOrThrow(await manager({ method, path, ...(value !== undefined && { body, headers }) }, signal));
  };
  const locks = AutoLockManagers === true || Spec?.EncryptionConfig?.AutoLockManagers === true;
  if (locks || Object.values(Spec ?? {}).some((part) => JSON.stringify(part) !== '{}')) {
    const { Version } = versioned.parse(await call('GET', '/swarm'));
    const spec = { ...Spec, ...(locks && { EncryptionConfig: { AutoLockManagers: true } }) };
    await call('POST', `/swarm/update?version=${Version.Index}`, spec);
  }
  if (Availability !== undefined && Availability !== '' && Availability !== 'active') {
    const node = described.parse(await call('GET', `/nodes/${nodeId}`));
    await call('POST', `/nodes/${nodeId}/update?version=${node.Version.Index}`, { ...node.Spec, Availability });
  }
};

/** `docker swarm init` on a manager: what is forced there, one manager alone, is what the cluster has. Undefined: not forced. */
export const forceCluster = async (request: ApiRequest, { nodeId }: Membership): Promise<Reply | undefined> => {
  const { value } = await readBody(request, initSchema, 'request');
  return value.ForceNewCluster === true ? json(nodeId) : undefined;
};

/** `docker swarm init`: the node's id. What cannot be set on the new cluster leaves none. */
export const initCluster = async (ports: MachinePorts, request: ApiRequest): Promise<Reply> => {
  const { value } = await readBody(request, initSchema, 'request');
  // Refused before anything is made.
  if (value.Spec !== undefined) clusterFrom(value.Spec, clusterSpec.parse({}));
  // What was begun is brought to an end, also when the client does not wait for it.
  const signal = new AbortController().signal;
  const { nodeId } = await ports.init(newCluster(value), signal);
  try {
    await settle(ports, nodeId, value, signal);
  } catch (thrown) {
    await ports.leave(true, signal);
    throw thrown;
  }
  return json(nodeId);
};

/** `docker swarm join`. */
export const joinCluster = async (ports: MachinePorts, request: ApiRequest): Promise<Reply> => {
  const { value } = await readBody(request, joinSchema, 'request');
  if (value.Availability !== undefined && value.Availability !== '' && value.Availability !== 'active') {
    const how = `join without it, then "docker node update --availability ${value.Availability}" on a manager`;
    throw new TuttiError('not-implemented', `--availability ${value.Availability}: ${how}`);
  }
  const member = { ...addressOf(value), managers: value.RemoteAddrs, token: value.JoinToken };
  await ports.join(member, new AbortController().signal);
  return empty();
};

/** `docker swarm leave`. */
export const leaveCluster = async (
  ports: MachinePorts,
  request: ApiRequest,
  role: 'manager' | 'worker',
): Promise<Reply> => {
  const force = flagOf(request, 'force');
  if (role === 'manager' && !force) return json({ message: lastManager }, 503);
  await ports.leave(force, new AbortController().signal);
  return empty();
};
