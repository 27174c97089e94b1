import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Exec } from '../../platform/exec.ts';
import { run } from '../run.ts';

export const baseImage = 'debian:bookworm-slim';

const script = fileURLToPath(new URL('../../../scripts/base-image.sh', import.meta.url));

export interface BaseOptions {
  readonly cache: string;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Gives an engine the base image: from a registry when one answers, else made here with debootstrap, once.
 * @throws TuttiError `internal` with what debootstrap said.
 */
export async function provideBase(exec: Exec, endpoint: string, options: BaseOptions): Promise<void> {
  const docker = ['docker', '--host', endpoint];
  const file = join(options.cache, `${baseImage.replace(':', '-')}-${process.arch}.tar`);
  if (!(await exists(file))) {
    options.report(`${baseImage}: asking the registry`);
    if (await pull(exec, docker, options.signal)) return;
    options.report(
      `${baseImage}: no registry answers; made here with debootstrap from a Debian mirror (about a minute, once)`,
    );
    await run(exec, ['sh', script, file], { timeoutMs: 1_200_000, ...(options.signal && { signal: options.signal }) });
  }
  await run(exec, [...docker, 'import', '--change', 'CMD ["bash"]', file, baseImage], { timeoutMs: 300_000 });
}

const pull = async (exec: Exec, docker: readonly string[], signal: AbortSignal | undefined): Promise<boolean> => {
  const [command = '', ...args]: readonly string[] = [...docker, 'pull', '--quiet', baseImage];
  return (await exec(command, args, { timeoutMs: 120_000, ...(signal && { signal }) })).code === 0;
};

export const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );
