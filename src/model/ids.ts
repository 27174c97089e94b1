import * as z from 'zod';

/** Identifiers are 25 characters of base 36, as Swarm's are, so that tools which parse them keep working. */
const idPattern = /^[a-z0-9][a-z0-9_.-]{0,127}$/i;

const id = <Brand extends string>() => z.string().regex(idPattern).brand<Brand>();

export const nodeId = id<'NodeId'>();
export type NodeId = z.infer<typeof nodeId>;
export const serviceId = id<'ServiceId'>();
export type ServiceId = z.infer<typeof serviceId>;
export const taskId = id<'TaskId'>();
export type TaskId = z.infer<typeof taskId>;
export const networkId = id<'NetworkId'>();
export type NetworkId = z.infer<typeof networkId>;
export const secretId = id<'SecretId'>();
export type SecretId = z.infer<typeof secretId>;
export const configId = id<'ConfigId'>();
export type ConfigId = z.infer<typeof configId>;
export const volumeId = id<'VolumeId'>();
export type VolumeId = z.infer<typeof volumeId>;
