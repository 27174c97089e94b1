import type { AssignedEndpoint, AssignedTask } from '../../model/assignment.ts';
import { backends } from './balance.ts';
import type { Observations } from './endpoints.ts';
import { boundAddress, isOfFamily } from './publish.ts';
import type { Publication } from './publish.ts';

/** A port that this node publishes for one task of its own (mode host), with its number. */
export interface HostPublish {
  readonly taskId: string;
  readonly protocol: Publication['protocol'];
  readonly address: string | undefined;
  readonly published: number;
  readonly target: number;
}

/** The ports of this node's tasks; where the engine chose the number, as soon as it is known. */
export const hostPublishes = (tasks: readonly AssignedTask[], observations: Observations): readonly HostPublish[] =>
  tasks.flatMap(({ id: taskId, hostPorts = [] }) => {
    const chosen = [...(observations.get(taskId)?.hostPorts ?? [])];
    return hostPorts.flatMap(({ protocol, target, hostAddress, published }): HostPublish[] => {
      const at = chosen.findIndex((one) => one.protocol === protocol && one.target === target);
      const number = published ?? (at === -1 ? undefined : chosen.splice(at, 1)[0]?.published);
      const address = hostAddress === '' ? undefined : hostAddress;
      return number === undefined ? [] : [{ taskId, protocol, address, published: number, target }];
    });
  });

/**
 * In IPv6 an engine leads such a port to the task by a program of its own, which hides who asks: rules of ours come first.
 * `endpoints`: of networks with a way out, in IPv6. While the task is not ready the port is left to the engine.
 */
export const hostPublications = (
  publishes: readonly HostPublish[],
  endpoints: readonly AssignedEndpoint[],
): readonly Publication[] => {
  if (publishes.length === 0) return [];
  const byTask = new Map(endpoints.filter(({ ready }) => ready).map((one) => [one.taskId as string, one]));
  return publishes.flatMap((publish): Publication[] => {
    const endpoint = byTask.get(publish.taskId);
    if (endpoint === undefined || !isOfFamily('ip6', publish)) return [];
    const all = [endpoint];
    const { taskId: _task, ...port } = publish;
    const answered = { ...port, address: boundAddress(publish), unserved: 'refuse', turns: [] } as const;
    return [{ ...backends({ all, ready: all }, {}), ...answered }];
  });
};
