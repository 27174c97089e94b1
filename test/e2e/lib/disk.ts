import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { layoutNode } from '../../../src/dev/layout.ts';
import { run } from '../../../src/dev/run.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import type { TestCluster } from './cluster.ts';

/** A disk of a node's own, small enough to be filled. */
export interface SmallDisk extends AsyncDisposable {
  /** Until not a byte more fits; there is room again when this is disposed of. */
  fill(): Promise<AsyncDisposable>;
}

/** Moves what a node keeps (its engine's data, its agent's and manager's state) to a small disk, while it is off. */
export async function onSmallDisk(cluster: TestCluster, node: string, megabytes: number): Promise<SmallDisk> {
  const { data } = layoutNode(cluster.layout, node);
  const ballast = join(data, 'ballast');
  const aside = `${data}.aside`;
  await cluster.powerOff(node);
  await run(systemExec, ['mv', data, aside]);
  await run(systemExec, ['mkdir', data]);
  await run(systemExec, ['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=711`, 'tmpfs', data]);
  await run(systemExec, ['cp', '-a', `${aside}/.`, data]);
  await run(systemExec, ['rm', '-r', aside]);
  await cluster.powerOn(node);
  return {
    fill: async () => {
      const full = await writeFile(ballast, Buffer.alloc(megabytes * 1024 * 1024)).then(() => false, isFull);
      if (!full) throw new Error(`${data} cannot be filled`);
      return { [Symbol.asyncDispose]: async () => await rm(ballast) };
    },
    async [Symbol.asyncDispose]() {
      // At once for the name, and for the rest when the node is gone.
      await run(systemExec, ['umount', '--lazy', data]);
    },
  };
}

const isFull = (thrown: unknown): boolean => (thrown as NodeJS.ErrnoException).code === 'ENOSPC';
