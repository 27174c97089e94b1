/**
 * Compiles the daemons into the cache with the flags that they run with: what was compiled with others does not count, and
 * a daemon that has to compile keeps twenty megabytes of that for as long as it runs.
 */
import { spawnSync } from 'node:child_process';
import { daemonOf } from '../src/host/daemons/daemon.ts';
import { daemonNames } from '../src/host/daemons/launcher.ts';

const nowhere = '/nonexistent';

for (const name of [...daemonNames, 'endpoint'] as const) {
  const { command, environment } = daemonOf(name, { stateDirectory: nowhere, runDirectory: nowhere }, ['--warm']);
  const [program, ...args] = command;
  spawnSync(program, args, { env: { ...process.env, ...environment }, stdio: 'ignore' });
}
