import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { createApiServer } from '../src/api/http/server.ts';
import { createApi } from '../src/api/server.ts';
import type { Served } from '../src/api/http/serve.ts';
import { serveOverTcp } from '../src/host/api-over-tcp.ts';
import { requireConfig } from '../src/host/config.ts';
import { readCredentials, writeCredentials } from '../src/host/credentials.ts';
import { daemonOf } from '../src/host/daemons.ts';
import { nextOwnCredentials } from '../src/host/own-certificate.ts';
import { nodePaths } from '../src/host/paths.ts';
import { writeStatus } from '../src/host/tell-status.ts';
import { openStore } from '../src/host/store.ts';
import { createAllocator } from '../src/manager/allocator.ts';
import { trackAssignments } from '../src/manager/assignments/track.ts';
import { createMembershipCalls } from '../src/manager/ca/calls.ts';
import { startContainerStatus } from '../src/manager/attach/status.ts';
import { createImageCalls } from '../src/manager/images/calls.ts';
import { createManager, startLoops } from '../src/manager/create.ts';
import { createDispatcher } from '../src/manager/dispatcher/dispatcher.ts';
import { createEngines } from '../src/manager/engines/engines.ts';
import { startInventory } from '../src/manager/engines/inventory.ts';
import { createAgentGateway } from '../src/manager/dispatcher/gateway.ts';
import { TuttiError } from '../src/model/errors.ts';
import { systemClock } from '../src/platform/clock.ts';
import { daemonArguments, daemonLog, runDaemon } from '../src/platform/daemon.ts';
import { systemRandomness } from '../src/platform/random.ts';
import { listenOnSocket } from '../src/platform/socket.ts';
import { ownVersion } from '../src/platform/version.ts';
import { formatAddress } from '../src/rpc/address.ts';
import { createToken } from '../src/rpc/certificates/token.ts';
import type { NodeRequests } from '../src/rpc/transport.ts';
import { createHttp2Listener, type Http2Listener } from '../src/rpc/http2/listener.ts';

const directories = daemonArguments(process.argv.slice(2), ['warm']);
const log = daemonLog(daemonOf('manager', directories).logFile);
const clock = systemClock;
const random = systemRandomness;
/** How often the certificate is read again: the node's agent renews it. */
const certificateMs = 60 * 60 * 1000;

const serveApi = async (api: Served, path: string, mode: number) => {
  const server = createApiServer(api);
  await listenOnSocket(server, path, mode);
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const followCertificate = (listener: Http2Listener): Disposable => {
  const look = () => {
    readCredentials(directories)
      .then((credentials) => listener.renew(credentials))
      .catch((error: unknown) => log.error('the certificate could not be read', { error: String(error) }));
    timer = clock.after(certificateMs, look);
  };
  let timer = clock.after(certificateMs, look);
  return { [Symbol.dispose]: () => timer.cancel() };
};

const run = async (): Promise<AsyncDisposable> => {
  const config = await requireConfig(directories);
  let credentials = await readCredentials(directories);
  const paths = nodePaths(directories);
  const parts = new AsyncDisposableStack();
  const store = parts.use(await openStore(directories, clock));
  const next = await nextOwnCredentials({ store, clock, log }, config.nodeId, credentials);
  if (next !== undefined) {
    await writeCredentials(directories, next);
    credentials = next;
  }
  const allocator = parts.use(createAllocator(store));
  const assignments = parts.use(trackAssignments(store));
  const managers = () => [formatAddress({ host: config.address, port: config.port })];
  const dispatcher = createDispatcher({ store, assignments, clock, log, managers });
  let listening: Http2Listener | undefined;
  const requests: NodeRequests = {
    request: async (nodeId, request, signal) => {
      if (listening === undefined) throw new TuttiError('unavailable', 'this manager is just starting');
      return await listening.request(nodeId, request, signal);
    },
  };
  const inventory = parts.use(startInventory({ store, engines: createEngines(requests), clock, log }));
  const manager = parts.use(
    createManager({
      store,
      allocator,
      clock,
      random,
      log,
      agents: createAgentGateway(requests),
      requests,
      inventory,
      joinToken: (_role, authority) => createToken(authority),
    }),
  );
  const listener = await createHttp2Listener({
    host: config.address,
    port: config.port,
    credentials,
    service: dispatcher.service,
    calls: {
      ...createMembershipCalls({
        store,
        clock,
        random,
        log,
        managers,
        removeNode: async (nodeId) => await manager.commands.removeNode(nodeId, true),
      }),
      ...createImageCalls({ images: manager.images, clock }),
    },
    clock,
    log,
  });
  listening = listener;
  dispatcher.attach(listener);
  parts.use(listener);
  parts.use(dispatcher);
  parts.use(followCertificate(listener));
  parts.use(startLoops({ store, allocator, clock, random, log }));
  parts.use(startContainerStatus({ store, inventory, clock, log }));
  parts.use(manager.containers.startTending());
  const endpoints = () =>
    config.apiPort === 0 ? [] : [`tcp://${formatAddress({ host: config.address, port: config.apiPort })}`];
  const context = { endpoints, manager, clock, random, log, version: ownVersion(), nodeId: config.nodeId };
  const api = createApi(context);
  parts.use(await serveOverTcp({ store, config, directories, served: api, clock, log }));
  parts.use(await serveApi(api, paths.socket, config.socketMode));
  await writeStatus('manager', directories, { pid: process.pid, ready: true });
  log.info('manager started', { node: config.nodeId, address: config.address, port: listener.port });
  return parts;
};

// `--warm` ends at once: everything is compiled into the cache then, and the first start is as light as the next.
if (directories.flags.has('warm')) flushCompileCache();
else await runDaemon(log, run);
