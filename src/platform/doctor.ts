import { Resolver } from 'node:dns/promises';
import { taskLabel } from '../agent/executor/labels.ts';
import type { EngineClient } from './engine/client.ts';

/** Process id of a running container of the task; undefined where there is none. */
export const processOf = async (
  engine: Pick<EngineClient, 'listContainers' | 'inspectContainer'>,
  taskId: string,
  signal: AbortSignal,
): Promise<number | undefined> => {
  const [container] = await engine.listContainers([`${taskLabel}=${taskId}`], { signal });
  if (container === undefined) return undefined;
  const { pid } = await engine.inspectContainer(container.id, { signal });
  return pid > 0 ? pid : undefined;
};

/** Whether a name server there answers at all, whatever it says. */
export const answersNames = async (address: string): Promise<boolean> => {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([address]);
  try {
    await resolver.resolve4('doctor.tutti.invalid');
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return code !== 'ETIMEOUT' && code !== 'ECONNREFUSED' && code !== 'ECANCELLED';
  }
};
