import type { Secret } from '../../../model/secret.ts';
import { configSpec, secretSpec } from '../../../model/secret.ts';
import { empty, json } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import { check } from '../../http/validate.ts';
import type { DockerContext } from '../context.ts';
import { checkData, configTo, secretFrom, secretSchema, secretTo } from '../convert/secret.ts';
import { lookup, lookupAsync } from '../errors.ts';
import { anyOf, labelled, prefixOf, readFilters } from '../filters.ts';
import { readBody, readVersion } from '../input.ts';

export const secretRoutes = ({ manager }: DockerContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    ['GET', '/secrets', (request) => json(queries.secrets().filter(passing(request)).map(secretTo))],
    [
      'GET',
      '/secrets/:id',
      (request) => {
        const id = paramOf(request, 'id');
        return json(secretTo(lookup('secret', id, () => queries.secret(id))));
      },
    ],
    [
      'POST',
      '/secrets/create',
      async (request) => {
        const { value } = await readBody(request, secretSchema, 'secret');
        const spec = secretFrom(value);
        checkData('secret', value);
        const created = await commands.createSecret(check(secretSpec, spec, 'secret'));
        return json({ ID: created.id }, 201);
      },
    ],
    [
      'POST',
      '/secrets/:id/update',
      async (request) => {
        const id = paramOf(request, 'id');
        const version = readVersion(request, 'secret');
        const { value } = await readBody(request, secretSchema, 'secret');
        const { spec } = lookup('secret', id, () => queries.secret(id));
        await commands.updateSecret(id, version, check(secretSpec, secretFrom(value, spec.data), 'secret'));
        return empty();
      },
    ],
    [
      'DELETE',
      '/secrets/:id',
      async (request) => {
        const id = paramOf(request, 'id');
        await lookupAsync('secret', id, () => commands.removeSecret(id));
        return empty(204);
      },
    ],
  ];
};

const configSchema = secretSchema.omit({ Driver: true });

export const configRoutes = ({ manager }: DockerContext): readonly Route[] => {
  const { commands, queries } = manager;
  return [
    ['GET', '/configs', (request) => json(queries.configs().filter(passing(request)).map(configTo))],
    [
      'GET',
      '/configs/:id',
      (request) => {
        const id = paramOf(request, 'id');
        return json(configTo(lookup('config', id, () => queries.config(id))));
      },
    ],
    [
      'POST',
      '/configs/create',
      async (request) => {
        const { value } = await readBody(request, configSchema, 'config');
        checkData('config', value);
        const created = await commands.createConfig(check(configSpec, secretFrom(value), 'config'));
        return json({ ID: created.id }, 201);
      },
    ],
    [
      'POST',
      '/configs/:id/update',
      async (request) => {
        const id = paramOf(request, 'id');
        const version = readVersion(request, 'config');
        const { value } = await readBody(request, configSchema, 'config');
        const { spec } = lookup('config', id, () => queries.config(id));
        await commands.updateConfig(id, version, check(configSpec, secretFrom(value, spec.data), 'config'));
        return empty();
      },
    ],
    [
      'DELETE',
      '/configs/:id',
      async (request) => {
        const id = paramOf(request, 'id');
        await lookupAsync('config', id, () => commands.removeConfig(id));
        return empty(204);
      },
    ],
  ];
};

const passing = (request: ApiRequest): ((item: Pick<Secret, 'spec'> & { readonly id: string }) => boolean) => {
  const filters = readFilters(request, ['id', 'label', 'name', 'names']);
  return ({ id, spec }) =>
    prefixOf(filters, 'id', id) &&
    prefixOf(filters, 'name', spec.name) &&
    anyOf(filters, 'names', (name) => name === spec.name) &&
    labelled(filters, 'label', spec.labels);
};
