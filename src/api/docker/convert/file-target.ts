import * as z from 'zod';
import type { ConfigReference, SecretReference } from '../../../model/container.ts';
import type { ConfigId, SecretId } from '../../../model/ids.ts';
import { TuttiError } from '../../../model/errors.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { sparse } from './sparse.ts';

const file = z.strictObject({
  Name: z.string().max(4096),
  UID: z.string().max(64).optional(),
  GID: z.string().max(64).optional(),
  Mode: z.number().int().min(0).max(0xffff_ffff).optional(),
});

export const secretReferenceSchema = z.strictObject({
  File: file.optional(),
  SecretID: z.string(),
  SecretName: z.string(),
});

export const configReferenceSchema = z.strictObject({
  File: file.optional(),
  Runtime: z.record(z.string(), z.unknown()).optional(),
  ConfigID: z.string(),
  ConfigName: z.string(),
});

type ContainerSpec = NonNullable<Definitions['TaskSpec']['ContainerSpec']>;
type DockerSecret = NonNullable<ContainerSpec['Secrets']>[number];
type DockerConfig = NonNullable<ContainerSpec['Configs']>[number];

const targetOf = (target: z.infer<typeof file> | undefined, what: string) => {
  if (target === undefined) {
    throw new TuttiError('invalid-argument', `${what}: a File target is needed; other targets are not there yet`);
  }
  return sparse({ target: target.Name, uid: target.UID, gid: target.GID, mode: target.Mode });
};

const fileOf = (reference: SecretReference | ConfigReference) =>
  sparse({ Name: reference.target, UID: reference.uid, GID: reference.gid, Mode: reference.mode });

export const secretReferenceFrom = (reference: z.infer<typeof secretReferenceSchema>): SecretReference => ({
  secretId: reference.SecretID as SecretId,
  secretName: reference.SecretName,
  ...targetOf(reference.File, `secret ${reference.SecretName}`),
});

export const configReferenceFrom = (reference: z.infer<typeof configReferenceSchema>): ConfigReference => ({
  configId: reference.ConfigID as ConfigId,
  configName: reference.ConfigName,
  ...targetOf(reference.File, `config ${reference.ConfigName}`),
});

export const secretReferenceTo = (reference: SecretReference): DockerSecret => ({
  File: fileOf(reference),
  SecretID: reference.secretId,
  SecretName: reference.secretName,
});

export const configReferenceTo = (reference: ConfigReference): DockerConfig => ({
  File: fileOf(reference),
  ConfigID: reference.configId,
  ConfigName: reference.configName,
});
