/** The node's resolver: answers names to containers from what the agent told it last, also while no agent is there. */
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { createServer } from 'node:net';
import { createDns } from '../src/agent/dns/dns.ts';
import { createNameservers } from '../src/agent/dns/upstream/resolv-conf.ts';
import { createDnsService } from '../src/agent/dns/service.ts';
import { daemonOf } from '../src/host/daemons/daemon.ts';
import { nodePaths } from '../src/host/paths.ts';
import { writeStatus } from '../src/host/daemons/tell-status.ts';
import { systemClock } from '../src/platform/clock.ts';
import { daemonArguments, daemonLog, runDaemon } from '../src/platform/daemon.ts';
import { listenOnSocket } from '../src/platform/socket.ts';

const directories = daemonArguments(process.argv.slice(2), ['warm']);
const log = daemonLog(daemonOf('resolver', directories).logFile);

const run = async (): Promise<AsyncDisposable> => {
  const parts = new AsyncDisposableStack();
  const dns = parts.use(createDns({ clock: systemClock, log, nameservers: createNameservers() }));
  const server = createServer();
  parts.defer(async () => {
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  const service = parts.use(createDnsService({ dns, log }));
  server.on('connection', (socket) => service.accept(socket));
  // A connection that cannot be taken is the agent's to try again: names go on being answered.
  server.on('error', ({ message }) => log.warn('the socket for the agent', { error: message }));
  await listenOnSocket(server, nodePaths(directories).resolverSocket, 0o600);
  await writeStatus('resolver', directories, { pid: process.pid, ready: true });
  log.info('resolver started');
  return parts;
};

// `--warm` ends at once: everything is compiled into the cache then, and the first start is as light as the next.
if (directories.flags.has('warm')) flushCompileCache();
else await runDaemon(log, run);
