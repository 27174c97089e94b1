import * as z from 'zod';
import { TuttiError } from '../../../model/errors.ts';
import type { NetworkId } from '../../../model/ids.ts';
import type { NetworkAttachment, RestartPolicy, TaskSpec } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import type { ContainerOut } from './container.ts';
import { containerFrom, containerSchema, containerTo } from './container.ts';
import { placementFrom, placementSchema, placementTo } from './placement.ts';
import { resourcesFrom, resourcesSchema, resourcesTo } from './resources.ts';
import { count, driver, nanoseconds, textMap, texts } from './schema.ts';
import { given, listOf, sparse } from './sparse.ts';
import { millisOf, nanosOf } from './time.ts';

export const attachmentSchema = z.strictObject({
  Target: z.string(),
  Aliases: texts.optional(),
  DriverOpts: textMap.optional(),
});

const restartSchema = z.strictObject({
  Condition: z.enum(['', 'none', 'on-failure', 'any']).optional(),
  Delay: nanoseconds.optional(),
  MaxAttempts: count.optional(),
  Window: nanoseconds.optional(),
});

export const taskSchema = z.strictObject({
  ContainerSpec: containerSchema.optional(),
  PluginSpec: z.record(z.string(), z.unknown()).optional(),
  NetworkAttachmentSpec: z.record(z.string(), z.unknown()).optional(),
  Resources: resourcesSchema.optional(),
  RestartPolicy: restartSchema.optional(),
  Placement: placementSchema.optional(),
  ForceUpdate: count.optional(),
  Runtime: z.string().optional(),
  Networks: z.array(attachmentSchema).max(64).optional(),
  LogDriver: driver.optional(),
});
export type DockerTask = z.infer<typeof taskSchema>;

export type TaskSpecOut = Omit<Definitions['TaskSpec'], 'ContainerSpec'> & { ContainerSpec?: ContainerOut };

/** Networks are left as they were written, names or ids, for the caller to resolve. */
export const taskFrom = (task: DockerTask): TaskSpec => {
  if (task.ContainerSpec === undefined || (task.Runtime ?? 'container') !== 'container') {
    const asked = task.PluginSpec !== undefined ? 'plugin' : (task.Runtime ?? 'nothing');
    throw new TuttiError('not-implemented', `services are made of containers here; ${asked} was asked for`);
  }
  const { Resources: resources, LogDriver: logDriver } = task;
  return sparse({
    containers: [{ ...containerFrom(task.ContainerSpec), ...sparse({ resources: given(resources, resourcesFrom) }) }],
    networks: task.Networks?.map(attachmentFrom),
    restart: given(task.RestartPolicy, restartFrom),
    placement: given(task.Placement, placementFrom),
    logging: given(logDriver, (log) => sparse({ driver: log.Name, options: log.Options })),
    /* Clients send 0 where nothing was forced. */
    forceUpdate: task.ForceUpdate === 0 ? undefined : task.ForceUpdate,
  });
};

/** Shows the first container of the pod. */
export const taskTo = (task: TaskSpec): TaskSpecOut => {
  const container = task.containers[0];
  return {
    ...sparse({
      ContainerSpec: given(container, containerTo),
      Resources: given(container?.resources, resourcesTo),
      RestartPolicy: given(task.restart, restartTo),
      Placement: given(task.placement, placementTo),
      Networks: task.networks?.map(attachmentTo),
      LogDriver: given(task.logging, (log) => sparse({ Name: log.driver, Options: log.options })),
    }),
    ForceUpdate: task.forceUpdate ?? 0,
    Runtime: 'container',
  };
};

export const attachmentFrom = (attachment: z.infer<typeof attachmentSchema>): NetworkAttachment =>
  sparse({
    networkId: attachment.Target as NetworkId,
    aliases: attachment.Aliases,
    driverOptions: attachment.DriverOpts,
  });

const attachmentTo = (attachment: NetworkAttachment): Definitions['NetworkAttachmentConfig'] =>
  sparse({
    Target: attachment.networkId,
    Aliases: given(attachment.aliases, listOf),
    DriverOpts: attachment.driverOptions,
  });

const restartFrom = (restart: z.infer<typeof restartSchema>): RestartPolicy =>
  sparse({
    condition: restart.Condition === '' ? undefined : restart.Condition,
    delayMs: given(restart.Delay, millisOf),
    maxAttempts: restart.MaxAttempts,
    windowMs: given(restart.Window, millisOf),
  });

const restartTo = (restart: RestartPolicy): NonNullable<Definitions['TaskSpec']['RestartPolicy']> =>
  sparse({
    Condition: restart.condition,
    Delay: given(restart.delayMs, nanosOf),
    MaxAttempts: restart.maxAttempts,
    Window: given(restart.windowMs, nanosOf),
  });
