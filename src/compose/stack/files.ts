import type { ConfigReference, SecretReference } from '../../model/container.ts';
import type { ConfigId, SecretId } from '../../model/ids.ts';
import type { SecretSpec } from '../../model/secret.ts';
import { stackLabels } from './labels.ts';
import type { Names } from './names.ts';
import type { Section } from './section.ts';
import { compact, orNone } from './section.ts';

interface FileTarget {
  readonly target: string;
  readonly uid: string;
  readonly gid: string;
  readonly mode: number;
}

export function secretReferences(service: Section, names: Names): readonly SecretReference[] | undefined {
  return orNone(
    service.sections('secrets').map((reference) => {
      const name = names.secret(reference.text('source') ?? '');
      return { secretId: name as SecretId, secretName: name, ...fileTarget(reference) };
    }),
  );
}

export function configReferences(service: Section, names: Names): readonly ConfigReference[] | undefined {
  return orNone(
    service.sections('configs').map((reference) => {
      const name = names.config(reference.text('source') ?? '');
      return { configId: name as ConfigId, configName: name, ...fileTarget(reference) };
    }),
  );
}

function fileTarget(reference: Section): FileTarget {
  const source = reference.text('source');
  if (source === undefined) reference.fail(undefined, 'the key "source" is missing');
  return {
    target: reference.text('target') ?? source ?? '',
    uid: reference.text('uid') ?? '0',
    gid: reference.text('gid') ?? '0',
    mode: reference.integer('mode', { min: 0, max: 0o7777 }) ?? 0o444,
  };
}

/** Secrets and configs have the same form. */
export function fileSpec(stack: string, name: string, section: Section, bytes: Uint8Array): SecretSpec {
  const templating = section.text('template_driver');
  return compact<SecretSpec>({
    name,
    labels: stackLabels(stack, section.dictionary('labels')),
    data: Buffer.from(bytes).toString('base64'),
    templating: templating === undefined ? undefined : { name: templating },
  });
}
