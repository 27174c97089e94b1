import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { createLockedApi } from '../src/api/docker/locked.ts';
import { serve } from '../src/api/http/serve.ts';
import { createApiServer } from '../src/api/http/server.ts';
import { createApi } from '../src/api/server.ts';
import type { Served } from '../src/api/http/serve.ts';
import { serveOverTcp } from '../src/host/api-over-tcp.ts';
import { requireConfig } from '../src/host/config.ts';
import type { NodeConfig } from '../src/host/config.ts';
import { readCredentials, writeCredentials } from '../src/host/credentials.ts';
import { daemonOf } from '../src/host/daemons/daemon.ts';
import { nextOwnCredentials } from '../src/host/own-certificate.ts';
import { nodePaths } from '../src/host/paths.ts';
import { writeStatus } from '../src/host/daemons/tell-status.ts';
import { readStoreKey } from '../src/host/store-key.ts';
import { keepLocked } from '../src/host/lock.ts';
import { openStore } from '../src/host/store.ts';
import { startAcme } from '../src/manager/acme/keeper.ts';
import { createAllocator } from '../src/manager/allocator.ts';
import { trackAssignments } from '../src/manager/assignments/track.ts';
import { startRotation } from '../src/manager/ca/rotation.ts';
import { createMembershipCalls } from '../src/manager/ca/calls.ts';
import { startContainerStatus } from '../src/manager/attach/status.ts';
import { followStrays } from '../src/manager/attach/strays.ts';
import { createImageCalls } from '../src/manager/images/calls.ts';
import { createManager, startLoops } from '../src/manager/create.ts';
import { createDispatcher } from '../src/manager/dispatcher/dispatcher.ts';
import { createEngines } from '../src/manager/engines/engines.ts';
import { startInventory } from '../src/manager/engines/inventory.ts';
import { createAgentGateway } from '../src/manager/dispatcher/gateway.ts';
import { TuttiError } from '../src/model/errors.ts';
import { probePort } from '../src/model/network.ts';
import { systemClock } from '../src/platform/clock.ts';
import { daemonArguments, daemonLog, runDaemon } from '../src/platform/daemon.ts';
import { probeMachine } from '../src/platform/probe.ts';
import { systemRandomness } from '../src/platform/random.ts';
import { listenOnSocket } from '../src/platform/socket.ts';
import { ownVersion } from '../src/platform/version.ts';
import { askDoor, systemHttps } from '../src/platform/https.ts';
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

/** Serves on the manager's socket; what is served there may become something else. */
const serveApi = async (first: Served, path: string, mode: number) => {
  let current = first;
  const server = createApiServer({
    listener: (request, response) => current.listener(request, response),
    upgrade: (request, socket, head) => current.upgrade(request, socket, head),
  });
  await listenOnSocket(server, path, mode);
  return {
    become: (next: Served): void => {
      current = next;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/** In a process of its own, as this one is stopped by it. */
const leaveCluster = (): void => {
  const program = join(import.meta.dirname, 'tutti.ts');
  const { stateDirectory: state, runDirectory: run } = directories;
  const words = ['leave', '--force', '--state-directory', state, '--run-directory', run];
  const child = spawn(process.execPath, [program, ...words], { detached: true, stdio: 'ignore', cwd: '/' });
  child.once('error', (error) => log.error('the cluster could not be left', { error: error.message }));
  child.unref();
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

/**
 * Serves a locked manager's socket until somebody unlocks it; that request is answered when `unlocked` is called with
 * what is to be served instead.
 */
const waitForUnlock = async ({ nodeId, address, socketMode }: NodeConfig, signal: AbortSignal) => {
  const kept = await readStoreKey(directories);
  if (kept.kind === 'open') return { key: kept.key, unlockKey: undefined, socket: undefined, unlocked: undefined };
  const opened = Promise.withResolvers<{ readonly key: Buffer; readonly unlockKey: string }>();
  const started = Promise.withResolvers<void>();
  const unlock = async (unlockKey: string): Promise<void> => {
    opened.resolve({ key: kept.open(unlockKey), unlockKey });
    await started.promise;
  };
  opened.promise.catch(() => undefined);
  signal.addEventListener('abort', () => opened.reject(TuttiError.from(signal.reason)), { once: true });
  const answer = createLockedApi({ version: ownVersion(), nodeId, address, unlock });
  const locked = serve(answer, (fault) => log.warn('a request was cut off', { error: String(fault) }));
  const socket = await serveApi(locked, nodePaths(directories).socket, socketMode);
  await writeStatus('manager', directories, { pid: process.pid, ready: true });
  log.info('this manager is locked: "docker swarm unlock" unlocks it');
  try {
    const unlocked = (served: Served): void => {
      socket.become(served);
      started.resolve();
    };
    return { ...(await opened.promise), socket, unlocked };
  } catch (thrown) {
    await socket[Symbol.asyncDispose]();
    throw thrown;
  }
};

const run = async (signal: AbortSignal): Promise<AsyncDisposable> => {
  const config = await requireConfig(directories);
  const paths = nodePaths(directories);
  const parts = new AsyncDisposableStack();
  const { key, unlockKey, socket, unlocked } = await waitForUnlock(config, signal);
  if (socket !== undefined) parts.use(socket);
  const store = parts.use(await openStore(directories, key, clock));
  parts.use(await keepLocked({ store, directories, log }, key, unlockKey));
  let credentials = await readCredentials(directories);
  const next = await nextOwnCredentials({ store, clock, log }, config.nodeId, credentials);
  if (next !== undefined) {
    await writeCredentials(directories, next);
    credentials = next;
  }
  const allocator = parts.use(createAllocator(store));
  const assignments = parts.use(trackAssignments(store));
  const managers = () => [formatAddress({ host: config.address, port: config.port })];
  const dispatcher = createDispatcher({
    store,
    assignments,
    clock,
    log,
    managers,
    answers: async (host, signal) => (await probeMachine(host, undefined, probePort, signal)) === 'reached',
  });
  let listening: Http2Listener | undefined;
  const requests: NodeRequests = {
    request: async (nodeId, request, signal) => {
      if (listening === undefined) throw new TuttiError('unavailable', 'this manager is just starting');
      return await listening.request(nodeId, request, signal);
    },
  };
  const inventory = parts.use(startInventory({ store, engines: createEngines(requests), clock, log }));
  const problems = new Map<string, string>();
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
      certificateProblem: (host) => problems.get(host),
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
  const renewed = async (nodeId: string): Promise<void> => {
    if (nodeId === config.nodeId) listener.renew(await readCredentials(directories));
  };
  parts.use(startRotation({ store, requests, clock, log, joinToken: createToken, renewed }));
  parts.use(startLoops({ store, allocator, clock, random, log }));
  parts.use(startAcme({ store, clock, random, log, https: systemHttps, ask: askDoor, problems }));
  parts.use(startContainerStatus({ store, inventory, clock, log }));
  parts.use(followStrays({ store, inventory, engines: manager.engines, clock, log }));
  parts.use(manager.containers.startTending());
  const endpoints = () =>
    config.apiPort === 0 ? [] : [`tcp://${formatAddress({ host: config.address, port: config.apiPort })}`];
  const context = {
    endpoints,
    leave: leaveCluster,
    manager,
    clock,
    random,
    log,
    version: ownVersion(),
    nodeId: config.nodeId,
  };
  const api = createApi(context);
  parts.use(await serveOverTcp({ store, config, directories, served: api, clock, log }));
  if (unlocked === undefined) parts.use(await serveApi(api, paths.socket, config.socketMode));
  else unlocked(api);
  await writeStatus('manager', directories, { pid: process.pid, ready: true });
  log.info('manager started', { node: config.nodeId, address: config.address, port: listener.port });
  return parts;
};

// `--warm` ends at once: everything is compiled into the cache then, and the first start is as light as the next.
if (directories.flags.has('warm')) flushCompileCache();
else await runDaemon(log, run);
