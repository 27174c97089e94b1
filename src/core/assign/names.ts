import type { NetworkAttachment } from '../../model/service.ts';
import { stackLabel } from '../../model/stack.ts';
import type { Task } from '../../model/task.ts';

type Named = Pick<Task, 'id' | 'serviceName' | 'slot' | 'nodeId' | 'spec'>;

/**
 * The names that a service's tasks share on one network: its own, the attachment's aliases, `tasks.<service>`, and
 * inside a stack the name without the stack's (`web` for `app_web`).
 */
export const sharedNames = (
  task: Pick<Task, 'serviceName' | 'serviceLabels'>,
  attachment: NetworkAttachment,
): readonly string[] => {
  const names = new Set([task.serviceName, `tasks.${task.serviceName}`]);
  const prefix = `${task.serviceLabels?.[stackLabel] ?? ''}_`;
  if (prefix.length > 1 && task.serviceName.startsWith(prefix)) {
    const short = task.serviceName.slice(prefix.length);
    names.add(short);
    names.add(`tasks.${short}`);
  }
  for (const alias of attachment.aliases ?? []) names.add(alias);
  return [...names];
};

/** The part of `sharedNames` that leads to the tasks themselves where all the rest leads to the service's own address. */
export const taskListNames = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => (name.startsWith(taskList) ? [] : [`${taskList}${name}`]));

const taskList = 'tasks.';

/** The names of one task: as Swarm calls its container, that without the id, and the hostnames of its containers. */
export const ownNames = (task: Named): readonly string[] => {
  const place = `${task.serviceName}.${task.slot ?? task.nodeId ?? ''}`;
  const names = new Set([place, `${place}.${task.id}`]);
  for (const { hostname } of task.spec.containers) {
    // A template (`{{.Task.Slot}}`) is filled in on the node.
    if (hostname !== undefined && hostname !== '' && !hostname.includes('{{')) names.add(hostname);
  }
  return [...names];
};

/** As Docker shows ids to people, and finds containers by. */
export const shortId = (id: string): string => id.slice(0, 12);
