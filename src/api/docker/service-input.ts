import type { Manager } from '../../manager/manager.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { ServiceSpec } from '../../model/service.ts';
import { serviceSpec } from '../../model/service.ts';
import type { ApiRequest } from '../http/request.ts';
import { check } from '../http/validate.ts';
import { sparse } from './convert/sparse.ts';
import { serviceFrom, serviceSchema } from './convert/service-spec.ts';
import { lookup } from './errors.ts';
import { readBody } from './input.ts';
import { readRegistryAuth } from './registry-auth.ts';

/** A service as a client sent it, in the model's words, with the warnings that it gave. */
export interface ServiceInput {
  readonly spec: ServiceSpec;
  readonly warnings: readonly string[];
}

/** Names are the command's to resolve, which knows what services mean by them; beginnings of ids are typed by people. */
const networkOf = (queries: Manager['queries'], reference: string): NetworkId => {
  const { id, spec } = lookup('network', reference, () => queries.network(reference));
  return (spec.name === reference ? reference : id) as NetworkId;
};

/** Reads, checks and resolves the body of create and update. */
export const readService = async (
  request: ApiRequest,
  { queries }: Manager,
  name: () => string,
): Promise<ServiceInput> => {
  const { value, warnings } = await readBody(request, serviceSchema, 'service');
  const spec = check(serviceSpec, serviceFrom(value, name), 'service');
  const networks = spec.task.networks?.map((attached) => ({
    ...attached,
    networkId: networkOf(queries, attached.networkId),
  }));
  const pullCredentials = readRegistryAuth(request, spec.task.containers[0]?.image ?? '');
  return { spec: { ...spec, task: { ...spec.task, ...sparse({ networks, pullCredentials }) } }, warnings };
};
