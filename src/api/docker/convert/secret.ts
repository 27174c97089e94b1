import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { Config, ConfigSpec, Secret, SecretSpec } from '../../../model/secret.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { objectTo } from './object.ts';
import { driver, textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';

const templating = driver.extend({ Name: z.string() });

/** A config is the same without `Driver`. */
export const secretSchema = z.strictObject({
  Name: z.string({ error: 'a name is needed' }),
  Labels: textMap.optional(),
  Data: z.string().optional(),
  Driver: driver.optional(),
  Templating: templating.optional(),
});
type DockerSecret = z.infer<typeof secretSchema>;

/** Bytes, this many no more: as Swarm has it. */
const tooMuchData = { secret: 512_000, config: 1_024_000 } as const;

/** Throws `invalid-argument` for what has nothing in it, and for what is too large. */
export const checkData = (kind: 'secret' | 'config', { Data = '' }: Pick<DockerSecret, 'Data'>): void => {
  const tooMuch = tooMuchData[kind];
  if (Data !== '' && Buffer.byteLength(Data, 'base64') < tooMuch) return;
  throw new TuttiError('invalid-argument', `${kind} data must be larger than 0 and less than ${tooMuch} bytes`);
};

/** `data` stands in where the client sends none, as it does when it updates labels. */
export const secretFrom = (secret: DockerSecret, data = ''): SecretSpec => {
  if (secret.Driver !== undefined && (secret.Driver.Name ?? '') !== '') {
    throw new TuttiError('not-implemented', `secret ${secret.Name}: secret drivers are not there yet`);
  }
  return sparse({
    name: secret.Name,
    labels: secret.Labels,
    data: secret.Data === undefined || secret.Data === '' ? data : secret.Data,
    templating: given(secret.Templating, (engine) => sparse({ name: engine.Name, options: engine.Options })),
  });
};

const specTo = (spec: SecretSpec | ConfigSpec) =>
  sparse({
    Name: spec.name,
    Labels: spec.labels ?? {},
    Templating: given(spec.templating, (engine) => sparse({ Name: engine.name, Options: engine.options })),
  });

/** Never with the data. */
export const secretTo = (secret: Secret): Definitions['Secret'] => ({ ...objectTo(secret), Spec: specTo(secret.spec) });

export const configTo = (config: Config): Definitions['Config'] => ({
  ...objectTo(config),
  Spec: { ...specTo(config.spec), Data: config.spec.data },
});
