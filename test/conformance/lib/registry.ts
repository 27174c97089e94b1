import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from '../../support/until.ts';

/** Debian's registry (package docker-registry); undefined where it is not installed. */
export const registryProgram = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'docker-registry'))
  .find((path) => existsSync(path));

export interface Registry extends AsyncDisposable {
  /** `10.99.0.253:5000`, as images name it. */
  readonly name: string;
}

/** A registry without TLS or users at an address of this machine. */
export const startRegistry = async (program: string, address: string, port: number): Promise<Registry> => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-registry-'));
  const config = join(directory, 'config.yml');
  const name = `${address}:${port}`;
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${directory}/data}}\nhttp: {addr: "${name}"}\n`,
  );
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(
    'the registry answers',
    async () => (await fetch(`http://${name}/v2/`)).status,
    (status) => status === 200,
  );
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
};
