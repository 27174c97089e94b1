import { flushCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createAgent } from '../src/agent/agent.ts';
import { followAttachments } from '../src/agent/attachments/follow.ts';
import { createResolverLink } from '../src/agent/dns/link/link.ts';
import { createDoctor } from '../src/agent/doctor/doctor.ts';
import { createMemoryFiles } from '../src/agent/executor/memory-files.ts';
import { findListeners } from '../src/agent/network/listeners.ts';
import { createNetwork } from '../src/agent/network/network.ts';
import { createProxy } from '../src/agent/proxy/proxy.ts';
import { createReach } from '../src/agent/reach/reach.ts';
import { startRenewal } from '../src/agent/session/renewal.ts';
import { createShortcuts, removeShortcuts } from '../src/agent/shortcut/shortcut.ts';
import { createWorker } from '../src/agent/worker/worker.ts';
import { probePort } from '../src/model/network.ts';
import { requireConfig } from '../src/host/config.ts';
import { readCredentials, writeCredentials } from '../src/host/credentials.ts';
import { daemonOf } from '../src/host/daemons/daemon.ts';
import { nodePaths } from '../src/host/paths.ts';
import { writeStatus } from '../src/host/daemons/tell-status.ts';
import { readAddresses, readAddresses6 } from '../src/platform/addresses.ts';
import {
  createAssignmentsFile,
  createDescriptionFile,
  createKeysFile,
  createRecordsFile,
} from '../src/platform/agent-files.ts';
import { systemClock } from '../src/platform/clock.ts';
import { daemonArguments, daemonLog, runDaemon } from '../src/platform/daemon.ts';
import { describeNode } from '../src/platform/describe.ts';
import { createDockerNetworks } from '../src/platform/docker-networks.ts';
import { answersNames, processOf } from '../src/platform/doctor.ts';
import { createEngineClient } from '../src/platform/engine/client.ts';
import { createForwarder } from '../src/platform/engine/forward.ts';
import { systemExec } from '../src/platform/exec.ts';
import { createHaproxy } from '../src/platform/haproxy/haproxy.ts';
import { createMountMemory } from '../src/platform/mount-memory.ts';
import { raiseInotify } from '../src/platform/inotify.ts';
import { createKernelSettings, hasIpv6 } from '../src/platform/kernel-settings.ts';
import { readMachine } from '../src/platform/machine.ts';
import { ownAddressAmong, watchAddress } from '../src/platform/own-address.ts';
import type { OwnAddress } from '../src/platform/own-address.ts';
import { probeMachine } from '../src/platform/probe.ts';
import { systemRandomness } from '../src/platform/random.ts';
import { watchUserspace } from '../src/platform/userspace-wireguard.ts';
import { ownVersion } from '../src/platform/version.ts';
import { apiVersionHeader } from '../src/rpc/engine.ts';
import { fetchImageWith } from '../src/rpc/images.ts';
import { renewWith } from '../src/rpc/certificates/renew.ts';
import { expiryTime, renewalTime } from '../src/rpc/certificates/credentials.ts';
import { createHttp2AgentTransport } from '../src/rpc/http2/agent.ts';

const directories = daemonArguments(process.argv.slice(2), ['clean-up', 'warm']);
const log = daemonLog(daemonOf('agent', directories).logFile);
const clock = systemClock;

const openNode = (endpoint: string) => {
  const parts = new AsyncDisposableStack();
  const engine = parts.use(createEngineClient(endpoint));
  const attachments = parts.use(followAttachments({ engine, clock, log }));
  const resolver = parts.use(createResolverLink({ path: nodePaths(directories).resolverSocket, clock, log }));
  const network = createNetwork({
    exec: systemExec,
    settings: createKernelSettings(),
    docker: createDockerNetworks(engine),
    attachments,
    resolver,
    keys: createKeysFile(nodePaths(directories).tunnelKeys),
    watch: watchUserspace,
    clock,
    log,
  });
  return { parts, engine, attachments, network, resolver };
};

const openHaproxy = async () => {
  const { door, doorLog } = nodePaths(directories);
  return await createHaproxy({
    directory: door,
    logFile: doorLog,
    exec: systemExec,
    mount: createMountMemory(systemExec),
  });
};

/** `--clean-up`: removes what the cluster made on this machine and says what, as a JSON array of words. */
const removeEverything = async (): Promise<void> => {
  const { cleanUp } = await import('../src/platform/clean-up.ts');
  const { engine: endpoint, clusterId } = await requireConfig(directories);
  const { taskFiles, door } = nodePaths(directories);
  await (await openHaproxy()).stop('at once');
  // It fails where nothing is mounted: then there is nothing to do.
  await systemExec('umount', [join(door, 'files')]);
  const { parts, engine, network } = openNode(endpoint);
  await using _ = parts;
  const removed = await cleanUp({ engine, network, clusterId, taskFiles, exec: systemExec });
  await removeShortcuts({ engine, exec: systemExec }, AbortSignal.timeout(30_000)).catch((thrown: unknown) =>
    log.warn('containers that stay may find no names', { error: String(thrown) }),
  );
  process.stdout.write(JSON.stringify(removed));
};

const run = async (): Promise<AsyncDisposable> => {
  const config = await requireConfig(directories);
  let credentials = await readCredentials(directories);
  let own: OwnAddress = { address: config.address };
  const paths = nodePaths(directories);
  const { parts, engine, attachments, network, resolver } = openNode(config.engine);
  const worker = createWorker(
    {
      engine,
      networks: network,
      files: createMemoryFiles(paths.taskFiles, createMountMemory(systemExec)),
      records: createRecordsFile(paths.records),
      images: {
        fetch: async (image, options) =>
          await fetchImageWith({ managers: config.managers, credentials: () => credentials, clock }, image, options),
      },
      processOf: (containerId) => attachments.containers.get(containerId)?.pid,
      clock,
      random: systemRandomness,
      log,
    },
    // Making and starting a container is work for the processor, most of it outside of the engine's own locks.
    // Longer than a manager waits for anybody: for slow nodes three seconds, fifteen for one whose agent is away.
    { launches: Math.max(2, Math.min(8, availableParallelism())), drainMs: 16_000 },
  );
  const proxy = createProxy({ host: await openHaproxy(), clock, log });
  const reach = createReach({
    probe: async (to, from, signal) => await probeMachine(to, from, probePort, signal),
    clock,
    log,
  });
  const forwarder = parts.use(
    createForwarder({
      endpoint: config.engine,
      versions: { newest: async (signal) => (await engine.version({ signal })).api, header: apiVersionHeader },
    }),
  );
  const renew = async (signal: AbortSignal): Promise<void> => {
    const renewed = await renewWith({ managers: config.managers, credentials, clock, signal });
    await writeCredentials(directories, renewed);
    credentials = renewed;
  };
  let telling: Promise<void> = Promise.resolve();
  const tell = (manager: string | undefined) => {
    const status = { pid: process.pid, ready: manager !== undefined, ...(manager !== undefined && { manager }) };
    telling = telling
      .then(() => writeStatus('agent', directories, status))
      .catch((error: unknown) => log.warn('the status file could not be written', { error: String(error) }));
  };
  tell(undefined);
  parts.use(
    createAgent({
      clock,
      random: systemRandomness,
      log,
      transport: createHttp2AgentTransport({ clock, credentials: () => credentials, connectTimeoutMs: 2500 }),
      store: createAssignmentsFile(paths.assignments),
      descriptions: createDescriptionFile(paths.description),
      worker,
      network,
      proxy,
      reach,
      engine: forwarder.forward,
      renew,
      doctor: createDoctor({
        exec: systemExec,
        clock,
        network,
        engine: {
          version: async (signal) => (await engine.version({ signal })).engine,
          processOf: async (taskId, signal) => await processOf(engine, taskId, signal),
        },
        resolves: async (address) => await answersNames(address),
        doorProblem: () => proxy.problem(),
        unreachable: () => reach.missed(),
      }),
      listeners: async (asked, signal) =>
        await findListeners(
          { exec: systemExec, gateways: () => network.view().networks.map(({ gateway }) => gateway) },
          asked,
          signal,
        ),
      describe: async (signal) =>
        await describeNode(
          {
            engine,
            addresses: async () => await readAddresses(systemExec),
            address: (addresses) => (own = ownAddressAmong(addresses, own)).address,
            ...(config.name !== undefined && { name: config.name }),
            agentVersion: ownVersion(),
            machine: await readMachine(),
            ipv6: hasIpv6(createKernelSettings()),
            addresses6: async () => await readAddresses6(systemExec),
            publicKey: async (until) => await network.publicKey(until),
            doorProblem: () => proxy.problem(),
            unreachable: () => reach.missed(),
          },
          signal,
        ),
      moved: (call) => watchAddress(clock, () => own.address, call),
      managers: config.managers,
      state: tell,
      known: () => resolver.release(),
    }),
  );
  parts.use(
    startRenewal({
      clock,
      log,
      due: () => renewalTime(credentials.certificate),
      expires: () => expiryTime(credentials.certificate),
      renew: async (signal) => {
        const kept = await readCredentials(directories);
        if (clock.now() < renewalTime(kept.certificate)) {
          // The manager of this node has renewed it.
          credentials = kept;
          return;
        }
        await renew(signal);
      },
    }),
  );
  parts.use(createShortcuts({ attachments, engine, exec: systemExec, clock, log }));
  raiseInotify(createKernelSettings(), log);
  log.info('agent started', { node: config.nodeId, engine: config.engine });
  return parts;
};

// `--warm` ends at once: everything is compiled into the cache then, and the first start is as light as the next.
if (directories.flags.has('clean-up')) await removeEverything();
else if (directories.flags.has('warm')) flushCompileCache();
else await runDaemon(log, run);
