import { join } from 'node:path';
import type { Exec } from '../../platform/exec.ts';
import { votingApp } from '../images/voting-app.ts';
import { run } from '../run.ts';
import { waitFor } from '../wait.ts';

export const stackName = 'voting';
export const votePort = 8080;
export const resultPort = 8081;

/** A docker command line against a cluster's endpoint; returns what it printed. */
export type Docker = (...args: readonly string[]) => Promise<string>;

export const dockerAt =
  (exec: Exec, endpoint: string, signal: AbortSignal | undefined): Docker =>
  async (...args) =>
    await run(exec, ['docker', '--host', endpoint, ...args], { timeoutMs: 120_000, ...(signal && { signal }) });

/** Deploys the voting app, its data on one node. */
export async function deployVotingApp(docker: Docker, storageNode: string): Promise<void> {
  await docker('node', 'update', '--label-add', 'storage=yes', storageNode);
  const files = ['compose.yaml', 'compose.cluster.yaml'].flatMap((file) => ['-c', join(votingApp, file)]);
  // The images are on the nodes, in no registry: nothing is to be asked about them.
  await docker('stack', 'deploy', '--resolve-image', 'never', ...files, stackName);
}

/** How many of the stack's services run all of their tasks, as `docker service ls` tells. */
export function countReady(listing: string): { readonly ready: number; readonly total: number } {
  const replicas = listing.split('\n').flatMap((line) => {
    const found = /^(\d+)\/(\d+)/.exec(line.trim());
    return found === null ? [] : [{ running: Number(found[1]), wanted: Number(found[2]) }];
  });
  return { ready: replicas.filter((row) => row.running === row.wanted).length, total: replicas.length };
}

/** Waits until every service of the stack runs. @throws TuttiError `deadline-exceeded` after three minutes. */
export async function waitUntilReady(
  docker: Docker,
  report: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  let said = -1;
  const ready = async (): Promise<true | undefined> => {
    const count = countReady(await docker('service', 'ls', '--format', '{{.Replicas}}'));
    if (count.ready !== said) report(`${count.ready} of ${count.total} services run`);
    said = count.ready;
    return count.total > 0 && count.ready === count.total ? true : undefined;
  };
  await waitFor(ready, { what: 'the voting app to run', deadlineMs: 180_000, everyMs: 200, signal });
}

/** Waits until a page answers 200. */
export async function waitForPage(url: string, signal: AbortSignal | undefined): Promise<void> {
  const answers = async (): Promise<true | undefined> => {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200 ? true : undefined;
  };
  await waitFor(answers, { what: `${url} to answer`, deadlineMs: 60_000, everyMs: 100, signal });
}
