import { until } from '../support/until.ts';
import type { Cluster } from './cluster.ts';
import { nodesReady } from './cluster.ts';
import { measured, settle } from './converge.ts';
import { type ApiNode, type ApiTask, isRunning, sleepers, startContainer, tasksOf } from './docker.ts';

let sequence = 0;

async function withService<Value>(
  cluster: Cluster,
  image: string,
  replicas: number,
  work: (id: string) => Promise<Value>,
): Promise<Value> {
  sequence += 1;
  const { ID } = await cluster.docker.call<{ ID: string }>(
    'POST',
    '/services/create',
    sleepers(`fail-${process.pid}-${sequence}`, image, replicas),
  );
  try {
    await running(cluster, ID, replicas, () => true);
    await settle();
    return await work(ID);
  } finally {
    await cluster.docker.call('DELETE', `/services/${ID}`);
    await until(
      'its tasks are gone',
      () => tasksOf(cluster.docker, ID).catch(() => []),
      (tasks) => !tasks.some(isRunning),
      { deadlineMs: 120_000 },
    );
  }
}

const running = (
  cluster: Cluster,
  service: string,
  replicas: number,
  which: (task: ApiTask) => boolean,
): Promise<readonly ApiTask[]> =>
  until(
    `${replicas} tasks run`,
    () => tasksOf(cluster.docker, service),
    (tasks) => tasks.filter((task) => isRunning(task) && which(task)).length === replicas,
    measured,
  );

/**
 * Milliseconds from the fault on the last node until all nine tasks run on the others.
 * @param fault `power-off` or `cut`; @param repair `power-on` or `heal`.
 */
export function nodeLoss(cluster: Cluster, image: string, fault: string, repair: string): Promise<number> {
  return withService(cluster, image, 9, async (service) => {
    const victim = cluster.nodes.at(-1);
    if (!victim) throw new Error('no nodes');
    const nodes = await cluster.docker.call<readonly ApiNode[]>('GET', '/nodes');
    const lost = nodes.find((node) => node.Description.Hostname === victim.name)?.ID;
    if (!lost) throw new Error(`${victim.name} is not in the list of nodes`);
    const started = performance.now();
    const faulted = cluster.fault(fault, victim.name);
    await running(cluster, service, 9, (task) => task.NodeID !== lost);
    const healed = performance.now() - started;
    await faulted;
    await cluster.fault(repair, victim.name);
    await nodesReady(cluster);
    return healed;
  });
}

/**
 * The link of a node is down for a second: how many tasks were replaced for it (none should be), and the milliseconds that it was down
 * at the most.
 */
export function slowNode(
  cluster: Cluster,
  image: string,
): Promise<{ readonly replaced: number; readonly downMs: number }> {
  return withService(cluster, image, 9, async (service) => {
    const victim = cluster.nodes.at(-1);
    if (!victim) throw new Error('no nodes');
    const before = new Set((await tasksOf(cluster.docker, service)).filter(isRunning).map((task) => task.ID));
    const downMs = await cluster.cutFor(victim.name, '1s');
    // Longer than any time-out of the manager: what was going to be replaced has been by then.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    const replaced = (await tasksOf(cluster.docker, service)).filter((task) => isRunning(task) && !before.has(task.ID));
    return { replaced: replaced.length, downMs };
  });
}

/** Milliseconds from the kill -9 of a task's process until as many tasks as before run, the killed one not among them. */
export function crash(cluster: Cluster, image: string): Promise<number> {
  return withService(cluster, image, 9, async (service) => {
    const victim = (await tasksOf(cluster.docker, service)).find(
      (task) => isRunning(task) && task.Status.ContainerStatus?.ContainerID,
    );
    const container = victim?.Status.ContainerStatus?.ContainerID;
    if (!victim || !container) throw new Error('no running task tells its container');
    const pid = await processOf(cluster, container);
    const started = performance.now();
    process.kill(pid, 'SIGKILL');
    await running(cluster, service, 9, (task) => task.ID !== victim.ID);
    return performance.now() - started;
  });
}

async function processOf(cluster: Cluster, container: string): Promise<number> {
  for (const engine of cluster.engines) {
    const found = await engine
      .call<{ State: { Pid: number } }>('GET', `/containers/${container}/json`)
      .catch(() => undefined);
    if (found) return found.State.Pid;
  }
  throw new Error(`no engine has the container ${container}`);
}

/** Milliseconds that one engine takes to create and start one such container, one at a time: the limit for a restart. */
export async function startTime(cluster: Cluster, image: string): Promise<number> {
  const engine = cluster.engines[0];
  if (!engine) throw new Error('no engine');
  const started = performance.now();
  const id = await startContainer(engine, { Image: image });
  const took = performance.now() - started;
  await engine.call('DELETE', `/containers/${id}?force=1&v=1`);
  await settle();
  return took;
}

/**
 * The same for a container that has just been killed, with nobody but the engine: milliseconds from the kill -9 of its
 * process until the next one was made and started, while the engine cleans up after the first.
 */
export async function restartTime(cluster: Cluster, image: string): Promise<number> {
  const engine = cluster.engines[0];
  if (!engine) throw new Error('no engine');
  const first = await startContainer(engine, { Image: image });
  await settle();
  const pid = await processOf(cluster, first);
  const ended = engine.call('POST', `/containers/${first}/wait`);
  const started = performance.now();
  process.kill(pid, 'SIGKILL');
  await ended;
  const second = await startContainer(engine, { Image: image });
  const took = performance.now() - started;
  await Promise.all([first, second].map((id) => engine.call('DELETE', `/containers/${id}?force=1&v=1`)));
  return took;
}
