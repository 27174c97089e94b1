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

/** The one user of a registry that asks who it is: `ann` with the password `secret`. */
const htpasswd = 'ann:$2b$05$GrEnooO1D3dbGKwKoP/WV.9env8cJBtbIvtVMiZiSQkGfpt09szey\n';

/** A registry without TLS at an address of this machine; `asks`: for a user and a password. */
export const startRegistry = async (
  program: string,
  address: string,
  port: number,
  { asks = false }: { readonly asks?: boolean } = {},
): Promise<Registry> => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-registry-'));
  const config = join(directory, 'config.yml');
  const name = `${address}:${port}`;
  await writeFile(join(directory, 'htpasswd'), htpasswd);
  const auth = asks ? `auth: {htpasswd: {realm: here, path: ${directory}/htpasswd}}\n` : '';
  await writeFile(
    config,
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${directory}/data}}\nhttp: {addr: "${name}"}\n${auth}`,
  );
  const child = spawn(program, ['serve', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until(
    'the registry answers',
    async () => (await fetch(`http://${name}/v2/`)).status,
    (status) => status === (asks ? 401 : 200),
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
