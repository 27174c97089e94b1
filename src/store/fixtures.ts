import type { NodeId, ServiceId, TaskId } from '../model/ids.ts';
import type { Node } from '../model/node.ts';
import type { Service } from '../model/service.ts';
import { stackLabel } from '../model/stack.ts';
import type { Task, TaskStatus } from '../model/task.ts';

/** Rows for tests: everything that a test does not care about has a plain value. */
const stored = <Id extends string>(id: Id) => ({ id, version: 0, createdAt: 1, updatedAt: 1 });

export const aService = (name: string, over: Partial<Service> & { readonly stack?: string } = {}): Service => {
  const { stack, ...rest } = over;
  return {
    ...stored(`service-${name.toLowerCase()}` as ServiceId),
    spec: {
      name,
      ...(stack === undefined ? {} : { labels: { [stackLabel]: stack } }),
      task: { containers: [{ name: 'main', image: 'web:1' }] },
      mode: { kind: 'replicated', replicas: 1 },
    },
    specVersion: 1,
    ports: [],
    ...rest,
  };
};

export const aTask = (id: string, over: Partial<Task> = {}): Task => ({
  ...stored(id as TaskId),
  serviceId: 'service-web' as ServiceId,
  serviceName: 'web',
  slot: 1,
  spec: { containers: [{ name: 'main', image: 'web:1' }] },
  specVersion: 1,
  desiredState: 'running',
  ...over,
});

export const aNode = (name: string, over: Partial<Node> = {}): Node => ({
  ...stored(`node-${name}` as NodeId),
  spec: { name, role: 'worker', availability: 'active' },
  ...over,
});

export const aStatus = (taskId: string, over: Partial<TaskStatus> = {}): TaskStatus => ({
  taskId: taskId as TaskId,
  state: 'running',
  timestamp: 1,
  message: 'started',
  ready: true,
  containers: [],
  ...over,
});

/** What a test that fails to compile away its wait would hang on: rejects after `ms`. */
export const within = async <Value>(ms: number, promise: Promise<Value>): Promise<Value> => {
  const signal = AbortSignal.timeout(ms);
  const expired = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`nothing within ${ms} ms`)));
  });
  return Promise.race([promise, expired]);
};
