import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProxy } from '../../src/agent/proxy/proxy.ts';
import type { NodeProxy } from '../../src/agent/proxy/proxy.ts';
import type { Outcome } from '../../src/agent/proxy/ports.ts';
import { assignedDoor, assignedRoute } from '../../src/model/route.ts';
import type { AssignedDoor, AssignedRoute } from '../../src/model/route.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { createHaproxy } from '../../src/platform/haproxy/haproxy.ts';
import { createLog } from '../../src/platform/log.ts';
import { anEndpoint, aSelf, setOf } from './assignments.ts';

/** A route to the tasks of `service`, on a network that all are on. */
export const routeTo = (
  service: string,
  port: number,
  match: AssignedRoute['match'],
  options: AssignedRoute['options'] = {},
): AssignedRoute =>
  aRoute(match, options, {
    kind: 'services',
    targets: [{ serviceId: service, serviceName: service, networkIds: ['front0000'], port }],
  });

export const aRoute = (match: AssignedRoute['match'], options: object, action: object): AssignedRoute =>
  assignedRoute.parse({ kind: 'route', id: `route ${(number += 1)}`, match, action, options });
let number = 0;

export interface TestDoor extends AsyncDisposable {
  /** Process id of what serves now. */
  worker(): Promise<number>;
  /** The node's end of what managers ask of it. */
  readonly proxy: Pick<NodeProxy, 'accessLog' | 'metrics' | 'problem'>;
  /** Has it lead to other tasks, or other routes. Resolves when that is in force. */
  apply(routes: readonly AssignedRoute[], tasks: Readonly<Record<string, readonly string[]>>): Promise<void>;
  /** Whether HAProxy takes a configuration. */
  check(config: string): Promise<Outcome>;
  /** Path of a file that belongs to it. */
  path(name: string): string;
}

/** The front door as an agent makes it, with the distribution's HAProxy, in this process's network. Resolves when it serves. */
export const startDoor = async (
  ports: Pick<AssignedDoor, 'httpPort' | 'httpsPort'> & Partial<AssignedDoor>,
  routes: readonly AssignedRoute[],
  /** Addresses of ready tasks by service. */
  tasks: Readonly<Record<string, readonly string[]>>,
): Promise<TestDoor> => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-door-'));
  const log = createLog({ level: 'warn', clock: systemClock, sink: (line) => process.stderr.write(`# ${line}\n`) });
  const path = (name: string): string => join(directory, 'door', name);
  const mount = async (): Promise<void> => undefined;
  const logFile = join(directory, 'door.log');
  const host = await createHaproxy({ directory: join(directory, 'door'), logFile, exec: systemExec, mount });
  const proxy = createProxy({ host, clock: systemClock, log });
  const stop = async (): Promise<void> => {
    await proxy[Symbol.asyncDispose]();
    await host.stop('at once');
    await rm(directory, { recursive: true, force: true });
  };
  const door = assignedDoor.parse({ kind: 'door', id: 'door', cookieKey: 'key', ...ports });
  const apply: TestDoor['apply'] = async (wanted, reached) => {
    const endpoints = Object.entries(reached).flatMap(([serviceId, addresses]) =>
      addresses.map((address) => {
        const taskId = `${serviceId}.${address}`;
        return anEndpoint({ id: `front0000/${taskId}`, taskId, serviceId, address });
      }),
    );
    proxy.apply(setOf(aSelf({ overlayAddress6: 'fd00:7::1' }), door, ...wanted, ...endpoints));
    await proxy.settled();
  };
  try {
    await apply(routes, tasks);
  } catch (fault) {
    await stop();
    throw fault;
  }
  return {
    proxy,
    apply,
    path,
    check: async (config) => await host.check(config, AbortSignal.timeout(10_000)),
    worker: async () => {
      const master = Number(await readFile(path('haproxy.pid'), 'utf8'));
      return Number((await readFile(`/proc/${master}/task/${master}/children`, 'utf8')).split(' ')[0]);
    },
    [Symbol.asyncDispose]: stop,
  };
};
