/**
 * The daemon behind a machine's own socket (`tutti serve`): the plain engine, until a cluster is made or joined through it.
 * docs/swarm-mode.md says what it answers when.
 */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { createMachineApi } from '../src/api/docker/machine/machine.ts';
import type { NewCluster } from '../src/api/docker/machine/ports.ts';
import { serve } from '../src/api/http/serve.ts';
import { createApiServer } from '../src/api/http/server.ts';
import { createHost } from '../src/host/create.ts';
import { daemonOf } from '../src/host/daemons/daemon.ts';
import { watchMembership } from '../src/host/membership.ts';
import { nodePaths } from '../src/host/paths.ts';
import { writeStatus } from '../src/host/daemons/tell-status.ts';
import { daemonLog, runDaemon } from '../src/platform/daemon.ts';
import { createForwarder } from '../src/platform/engine/forward.ts';
import { systemExec } from '../src/platform/exec.ts';
import { readAddresses } from '../src/platform/addresses.ts';
import { listenOnSocket } from '../src/platform/socket.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string', default: '/var/lib/tutti' },
    run: { type: 'string', default: '/run/tutti' },
    socket: { type: 'string', default: '/run/tutti.sock' },
    engine: { type: 'string', default: 'unix:///var/run/docker.sock' },
    warm: { type: 'boolean', default: false },
  },
});
const directories = { stateDirectory: values.state, runDirectory: values.run };
const log = daemonLog(daemonOf('endpoint', directories).logFile);
/** As Docker's own socket. */
const socketMode = 0o660;

/** The address that Docker's clients may name by its interface. */
const addressOf = async (given: string | undefined): Promise<{ readonly address?: string }> => {
  if (given === undefined) return {};
  const named = (await readAddresses(systemExec)).find((one) => one.interface === given);
  return { address: named?.address ?? given };
};

const run = async (): Promise<AsyncDisposable> => {
  const parts = new AsyncDisposableStack();
  const host = createHost({ launcher: 'automatic' });
  const engine = parts.use(createForwarder({ endpoint: values.engine }));
  const manager = parts.use(createForwarder({ endpoint: `unix://${nodePaths(directories).socket}` }));
  const member = { ...directories, engine: values.engine };
  const answer = createMachineApi({
    membership: watchMembership(directories),
    engine: engine.forward,
    manager: manager.forward,
    init: async ({ address, ...options }: NewCluster, signal) =>
      await host.init({ ...member, ...options, ...(await addressOf(address)), signal }),
    join: async ({ address, ...options }, signal) => {
      await host.join({ ...member, ...options, ...(await addressOf(address)), signal });
    },
    leave: async (force, signal) => {
      await host.leave({ ...directories, force, signal });
    },
  });
  const api = serve(answer, (fault, { method, path }) =>
    log.warn('a request was cut off', { method, path, error: String(fault) }),
  );
  const server = createApiServer(api);
  await listenOnSocket(server, values.socket, socketMode);
  parts.defer(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await writeStatus('endpoint', directories, { pid: process.pid, ready: true });
  log.info('serving this machine', { socket: values.socket, engine: values.engine });
  return parts;
};

if (values.warm) flushCompileCache();
else await runDaemon(log, run);
