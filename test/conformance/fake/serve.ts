import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../../../src/api/server.ts';
import type { Manager } from '../../../src/manager/manager.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { silentLog } from '../../../src/platform/log.ts';
import { systemRandomness } from '../../../src/platform/random.ts';

export interface Served extends AsyncDisposable {
  readonly path: string;
  /** `unix://…`, as DOCKER_HOST has it. */
  readonly host: string;
}

/** The API of `manager` on a unix socket in a directory of its own. */
export const serveApi = async (manager: Manager): Promise<Served> => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-api-'));
  const path = join(directory, 'docker.sock');
  const api = createApi({ manager, clock: systemClock, random: systemRandomness, version: '0.1.0', log: silentLog });
  const server = createServer(api.listener).on('upgrade', api.upgrade);
  await new Promise<void>((listening) => server.listen(path, listening));
  return {
    path,
    host: `unix://${path}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
      await rm(directory, { recursive: true, force: true });
    },
  };
};
