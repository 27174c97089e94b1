import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutNode } from '../../../src/dev/layout.ts';
import type { ClusterLayout } from '../../../src/dev/layout.ts';
import type { NodeReport } from '../../../src/dev/list.ts';

type DaemonName = 'agent' | 'manager';
type Cluster = { readonly layout: ClusterLayout; readonly nodes: readonly NodeReport[] };

const readPid = async (file: string): Promise<number> => {
  const pid = Number.parseInt(await readFile(file, 'utf8'), 10);
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`no process id in ${file}`);
  return pid;
};

const pidFile = ({ layout }: Cluster, node: string, daemon: DaemonName): string =>
  join(layoutNode(layout, node).tutti.runDirectory, `${daemon}.pid`);

/** The process of a node's daemon. */
export const pidOf = async (cluster: Cluster, node: string, daemon: DaemonName): Promise<number> =>
  await readPid(pidFile(cluster, node, daemon));

const daemonsOf = ({ nodes }: Cluster): readonly (readonly [string, DaemonName])[] =>
  nodes.flatMap(({ name, role }) =>
    role === 'manager'
      ? [
          [name, 'manager'],
          [name, 'agent'],
        ]
      : [[name, 'agent']],
  );

/** Kills (-9) one daemon; its supervisor starts it again. */
export async function killDaemon(cluster: Cluster, node: string, daemon: DaemonName): Promise<void> {
  process.kill(await pidOf(cluster, node, daemon), 'SIGKILL');
}

/** Kills (-9) the managers and all agents at one moment; their supervisors start them again. */
export async function killAllDaemons(cluster: Cluster): Promise<void> {
  const pids = await Promise.all(daemonsOf(cluster).map(async ([node, daemon]) => await pidOf(cluster, node, daemon)));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** Kills (-9) a daemon that then stays dead: its supervisor is stopped until this is disposed of. */
export async function holdDown(cluster: Cluster, node: string, daemon: DaemonName): Promise<Disposable> {
  const supervisor = await readPid(`${pidFile(cluster, node, daemon)}.supervisor`);
  process.kill(supervisor, 'SIGSTOP');
  await killDaemon(cluster, node, daemon);
  return { [Symbol.dispose]: () => void process.kill(supervisor, 'SIGCONT') };
}

/** An engine that hangs: it is there and says nothing, until this is disposed of. */
export async function hangEngine({ layout }: Cluster, node: string): Promise<Disposable> {
  const pid = await readPid(layoutNode(layout, node).engine.pidFile);
  process.kill(pid, 'SIGSTOP');
  return { [Symbol.dispose]: () => void process.kill(pid, 'SIGCONT') };
}
