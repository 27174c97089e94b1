import type { AssignedConfig, AssignedSecret } from '../../model/assignment.ts';
import type { ConfigReference, ContainerSpec, SecretReference } from '../../model/container.ts';
import { TuttiError } from '../../model/errors.ts';
import type { ContainerFile } from './engine.ts';
import { expand } from './template.ts';
import type { TemplateContext } from './template.ts';

/** The secrets and configs that this node was given, by id. */
export interface FileSources {
  secret(id: string): AssignedSecret | undefined;
  config(id: string): AssignedConfig | undefined;
}

/** The files of a container, or the names of what the manager has not sent (yet). */
export type FilePlan =
  | { readonly kind: 'files'; readonly files: readonly ContainerFile[] }
  | { readonly kind: 'waiting'; readonly missing: readonly string[] };

const defaultMode = 0o444;

/** Where each secret and config of the container goes, in the order of its specification. */
export function fileTargets(spec: ContainerSpec): string[] {
  return [...(spec.secrets ?? []).map(secretTarget), ...(spec.configs ?? []).map(configTarget)];
}

/** @throws TuttiError `invalid-argument` for an owner that is not a number or a template that cannot be expanded. */
export function planFiles(spec: ContainerSpec, sources: FileSources, template: TemplateContext): FilePlan {
  const secrets = (spec.secrets ?? []).map((reference) => ({
    reference,
    name: `secret ${reference.secretName}`,
    target: secretTarget(reference),
    source: sources.secret(reference.secretId),
  }));
  const configs = (spec.configs ?? []).map((reference) => ({
    reference,
    name: `config ${reference.configName}`,
    target: configTarget(reference),
    source: sources.config(reference.configId),
  }));
  const wanted = [...secrets, ...configs];
  const missing = wanted.filter(({ source }) => source === undefined).map(({ name }) => name);
  if (missing.length > 0) return { kind: 'waiting', missing };
  const context = { ...template, functions: templateFunctions(spec, sources, template) };
  return {
    kind: 'files',
    files: wanted.map(({ reference, name, target, source }) => ({
      target,
      data: source === undefined ? Buffer.alloc(0) : contentOf(source, context),
      uid: ownerId(reference.uid, name),
      gid: ownerId(reference.gid, name),
      mode: reference.mode ?? defaultMode,
    })),
  };
}

function secretTarget({ target, secretName }: SecretReference): string {
  const name = target === '' ? secretName : target;
  return name.startsWith('/') ? name : `/run/secrets/${name}`;
}

function configTarget({ target, configName }: ConfigReference): string {
  const name = target === '' ? configName : target;
  return name.startsWith('/') ? name : `/${name}`;
}

function ownerId(owner: string | undefined, what: string): number {
  if (owner === undefined || owner === '') return 0;
  if (/^\d{1,10}$/.test(owner)) return Number(owner);
  throw new TuttiError('invalid-argument', `${what}: owner "${owner}" is not a numeric user or group id`);
}

function contentOf(source: AssignedSecret | AssignedConfig, context: TemplateContext): Buffer {
  const data = Buffer.from(source.data, 'base64');
  return source.templated === true ? Buffer.from(expand(data.toString(), context)) : data;
}

function templateFunctions(
  spec: ContainerSpec,
  sources: FileSources,
  template: TemplateContext,
): NonNullable<TemplateContext['functions']> {
  const decoded = (data: string | undefined): string | undefined =>
    data === undefined ? undefined : Buffer.from(data, 'base64').toString();
  return {
    env: (name) => {
      const line = spec.env?.find((entry) => entry.startsWith(`${name}=`));
      return line === undefined ? undefined : expand(line.slice(name.length + 1), template);
    },
    secret: (name) => {
      const reference = spec.secrets?.find((secret) => secret.target === name || secret.secretName === name);
      return reference === undefined ? undefined : decoded(sources.secret(reference.secretId)?.data);
    },
    config: (name) => {
      const reference = spec.configs?.find((config) => config.target === name || config.configName === name);
      return reference === undefined ? undefined : decoded(sources.config(reference.configId)?.data);
    },
  };
}
