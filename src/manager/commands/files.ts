import { TuttiError } from '../../model/errors.ts';
import type { ConfigId, SecretId } from '../../model/ids.ts';
import { routeName } from '../../model/route.ts';
import type { ConfigSpec, SecretSpec } from '../../model/secret.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { Transaction, View } from '../../store/store.ts';
import type { Commands } from '../manager.ts';
import { resolve } from '../references.ts';
import { routeSources } from '../routes.ts';
import { sameData } from '../service/change.ts';
import type { CommandContext } from './context.ts';
import { newRow } from './context.ts';

type FileCommands = Pick<
  Commands,
  'createSecret' | 'updateSecret' | 'removeSecret' | 'createConfig' | 'updateConfig' | 'removeConfig'
>;

/** Secrets and configs: immutable but for their labels, and kept while a service refers to them. */
export const fileCommands = (context: CommandContext): FileCommands => {
  const { store } = context;
  return {
    createSecret: async (spec) => {
      const { value: id } = await store.update((transaction) => addSecret(transaction, spec, context));
      return { id, warnings: [] };
    },
    updateSecret: async (reference, version, spec) => {
      await store.update((transaction) => {
        const secret = resolve(transaction, 'secret', reference);
        checkLabelsOnly('secret', secret.spec, spec);
        transaction.update('secret', { ...secret, spec: { ...spec, data: secret.spec.data } }, { specReadAt: version });
      });
    },
    removeSecret: async (reference) => {
      await store.update((transaction) =>
        dropFile(transaction, 'secret', resolve(transaction, 'secret', reference).id),
      );
    },
    createConfig: async (spec) => {
      const { value: id } = await store.update((transaction) => addConfig(transaction, spec, context));
      return { id, warnings: [] };
    },
    updateConfig: async (reference, version, spec) => {
      await store.update((transaction) => {
        const config = resolve(transaction, 'config', reference);
        checkLabelsOnly('config', config.spec, spec);
        transaction.update('config', { ...config, spec: { ...spec, data: config.spec.data } }, { specReadAt: version });
      });
    },
    removeConfig: async (reference) => {
      await store.update((transaction) =>
        dropFile(transaction, 'config', resolve(transaction, 'config', reference).id),
      );
    },
  };
};

export const addSecret = (transaction: Transaction, spec: SecretSpec, context: CommandContext): SecretId => {
  const row = newRow<SecretId>(context);
  transaction.create('secret', { ...row, spec });
  return row.id;
};

export const addConfig = (transaction: Transaction, spec: ConfigSpec, context: CommandContext): ConfigId => {
  const row = newRow<ConfigId>(context);
  transaction.create('config', { ...row, spec });
  return row.id;
};

type File = 'secret' | 'config';

/** Deletes a secret or config. Throws `in-use` with the services that refer to it. */
export const dropFile = (transaction: Transaction, kind: File, id: string): void => {
  const users = [
    ...usersOf(transaction, (spec) => refersTo(spec, kind, id)),
    ...(kind === 'secret' ? routesWith(transaction, transaction.get(kind, id)?.spec.name) : []),
  ];
  if (users.length > 0) {
    const name = transaction.get(kind, id)?.spec.name ?? id;
    const services = users.length === 1 ? 'service' : 'services';
    throw new TuttiError('in-use', `${kind} '${name}' is in use by the following ${services}: ${namesOf(users)}`);
  }
  transaction.delete(kind, id);
};

/** Who serves TLS with the certificate. */
const routesWith = (view: View, secret: string | undefined): readonly string[] => [
  ...new Set(
    routeSources(view)
      .filter(({ spec }) => secret !== undefined && spec.options?.tls === secret)
      .map(({ spec }) => `route ${routeName(spec.match)}`),
  ),
];

const refersTo = (spec: ServiceSpec, kind: File, id: string): boolean =>
  spec.task.containers.some(({ secrets = [], configs = [] }) =>
    kind === 'secret'
      ? secrets.some(({ secretId }) => secretId === id)
      : configs.some(({ configId }) => configId === id),
  );

/** Names of the services whose specification meets the test. */
export const usersOf = (view: View, test: (spec: ServiceSpec) => boolean): readonly string[] =>
  Array.from(view.list('service'))
    .filter(({ spec }) => test(spec))
    .map(({ spec }) => spec.name);

const namedUsers = 5;

const namesOf = (names: readonly string[]): string => {
  const shown = names.slice(0, namedUsers).join(', ');
  return names.length > namedUsers ? `${shown} and ${names.length - namedUsers} more` : shown;
};

export const serviceList = (names: readonly string[]): string =>
  `${names.length === 1 ? 'service' : 'services'} ${namesOf(names)}`;

const checkLabelsOnly = (kind: File, before: SecretSpec | ConfigSpec, after: SecretSpec | ConfigSpec): void => {
  const { labels: _old, ...old } = before;
  const { labels: _new, ...next } = after;
  // The data of a secret cannot be read back, so an update may leave it out.
  const kept = next.data === '' ? { ...next, data: old.data } : next;
  if (!sameData(old, kept)) {
    throw new TuttiError(
      'invalid-argument',
      `only updates to Labels are allowed: make a new ${kind} instead of changing ${before.name}`,
    );
  }
};
