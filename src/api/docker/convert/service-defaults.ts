import type { ServiceSpecOut } from './service-spec.ts';

type Policy = NonNullable<ServiceSpecOut['UpdateConfig']>;

const policy = {
  Parallelism: 1,
  FailureAction: 'pause',
  Monitor: 5e9,
  MaxFailureRatio: 0,
  Order: 'stop-first',
} as const satisfies Policy;

/**
 * The specification with what holds where nothing was set, for `?insertDefaults=true`. A restart has no fixed delay here
 * (it is at once, then spaced further and further), so none is shown.
 */
export const withDefaults = (spec: ServiceSpecOut): ServiceSpecOut => {
  const task = spec.TaskTemplate ?? {};
  return {
    ...spec,
    TaskTemplate: {
      ...task,
      ContainerSpec: { DNSConfig: {}, Isolation: 'default', StopGracePeriod: 10e9, ...task.ContainerSpec },
      Resources: { Limits: {}, Reservations: {}, ...task.Resources },
      RestartPolicy: { Condition: 'any', MaxAttempts: 0, ...task.RestartPolicy },
      Placement: task.Placement ?? {},
      ForceUpdate: task.ForceUpdate ?? 0,
      Runtime: task.Runtime ?? 'container',
    },
    UpdateConfig: { ...policy, ...spec.UpdateConfig },
    RollbackConfig: { ...policy, ...spec.RollbackConfig },
    EndpointSpec: { Mode: 'vip', ...spec.EndpointSpec },
  };
};
