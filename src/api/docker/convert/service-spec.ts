import * as z from 'zod';
import type { ServiceSpec } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { endpointFrom, endpointSchema, endpointTo } from './endpoint.ts';
import { modeFrom, modeSchema, modeTo } from './mode.ts';
import { textMap } from './schema.ts';
import { given, sparse } from './sparse.ts';
import type { TaskSpecOut } from './task-spec.ts';
import { attachmentSchema, taskFrom, taskSchema, taskTo } from './task-spec.ts';
import { updatePolicyFrom, updatePolicySchema, updatePolicyTo } from './update-policy.ts';

export const serviceSchema = z.strictObject({
  Name: z.string().optional(),
  Labels: textMap.optional(),
  TaskTemplate: taskSchema,
  Mode: modeSchema.optional(),
  UpdateConfig: updatePolicySchema.optional(),
  RollbackConfig: updatePolicySchema.optional(),
  /** Where clients before API 1.25 put them. */
  Networks: z.array(attachmentSchema).max(64).optional(),
  EndpointSpec: endpointSchema.optional(),
});
export type DockerService = z.infer<typeof serviceSchema>;

export type ServiceSpecOut = Omit<Definitions['ServiceSpec'], 'TaskTemplate'> & { TaskTemplate?: TaskSpecOut };

/** `name` stands in where the client gave none. Networks are left as written, for the caller to resolve. */
export const serviceFrom = (service: DockerService, name: () => string): ServiceSpec => {
  const template = service.TaskTemplate;
  const networks = template.Networks ?? service.Networks;
  return sparse({
    name: service.Name === undefined || service.Name === '' ? name() : service.Name,
    labels: service.Labels,
    task: taskFrom(networks === undefined ? template : { ...template, Networks: networks }),
    mode: modeFrom(service.Mode ?? {}),
    update: given(service.UpdateConfig, updatePolicyFrom),
    rollback: given(service.RollbackConfig, updatePolicyFrom),
    endpoint: given(service.EndpointSpec, endpointFrom),
  });
};

type RollbackOut = NonNullable<Definitions['ServiceSpec']['RollbackConfig']>;

export const serviceTo = (service: ServiceSpec): ServiceSpecOut =>
  sparse({
    Name: service.name,
    Labels: service.labels ?? {},
    TaskTemplate: taskTo(service.task),
    Mode: modeTo(service.mode),
    UpdateConfig: given(service.update, updatePolicyTo),
    RollbackConfig: given(service.rollback, (policy) => updatePolicyTo(policy) as RollbackOut),
    EndpointSpec: given(service.endpoint, endpointTo),
  });
