import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Exec } from '../../platform/exec.ts';
import { attempt, run } from '../run.ts';

/** The name of the demo's cluster. */
export const demoCluster = 'demo';

const name = `tutti-${demoCluster}`;

/** Makes a context of the docker command that leads to the cluster; one of that name from before is replaced. */
export async function makeContext(exec: Exec, endpoint: string): Promise<string> {
  await removeContext(exec);
  const description = 'the cluster of `npm run demo`';
  const host = `host=${endpoint}`;
  await run(exec, ['docker', 'context', 'create', name, '--description', description, '--docker', host]);
  return name;
}

/** Removes the context, and the directories that the docker command made for it where they are empty now. */
export async function removeContext(exec: Exec): Promise<void> {
  await attempt(exec, ['docker', 'context', 'rm', '--force', name]);
  const contexts = join(homedir(), '.docker', 'contexts');
  for (const directory of [join(contexts, 'meta'), join(contexts, 'tls'), contexts, join(homedir(), '.docker')]) {
    await attempt(exec, ['rmdir', directory]);
  }
}
