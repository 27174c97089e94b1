import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { clusterSpec } from '../model/cluster.ts';
import { nodeId as nodeIdSchema } from '../model/ids.ts';
import { createAllocator } from '../manager/allocator.ts';
import { createAuthority } from '../manager/ca/authority.ts';
import { issueCertificate } from '../manager/ca/issue.ts';
import { createCluster } from '../manager/cluster.ts';
import type { ClusterMaterial } from '../manager/cluster.ts';
import { formatAddress } from '../rpc/address.ts';
import { createRequest } from '../rpc/certificates/request.ts';
import { createToken } from '../rpc/certificates/token.ts';
import { apiCredentials } from './api-certificate.ts';
import { checkApi, checkMachine, type CheckedMachine } from './check.ts';
import { defaultApiPort, writeConfig, type NodeConfig } from './config.ts';
import { writeCredentials } from './credentials.ts';
import type { HostPorts, InitOptions, InitResult } from './host.ts';
import { nodePaths } from './paths.ts';
import { memberOf, startDaemons, undo } from './start.ts';
import { writeStoreKey } from './store-key.ts';
import { openStore } from './store.ts';

/** What a new cluster begins with: names, keys, tokens. */
const invent = async ({ clock, random }: HostPorts) => {
  const clusterId = random.id();
  const nodeId = nodeIdSchema.parse(random.id());
  const [authority, { key, request }] = await Promise.all([createAuthority(clusterId, clock.now()), createRequest()]);
  const identity = { nodeId, role: 'manager', clusterId } as const;
  const certificate = await issueCertificate(authority, request, identity, clock.now());
  const material: ClusterMaterial = {
    caCertificate: authority.certificate,
    caKey: authority.key,
    joinTokens: { manager: createToken(authority.certificate), worker: createToken(authority.certificate) },
  };
  return { clusterId, nodeId, material, credentials: { certificate, key, authority: authority.certificate } };
};

type Invention = Awaited<ReturnType<typeof invent>>;

/** Writes the first state of the cluster: its own rows and the node's. */
const writeState = async (
  { clock, random }: HostPorts,
  options: InitOptions,
  { address, port, ipv6 }: CheckedMachine & { readonly ipv6: boolean },
  { clusterId, nodeId, material }: Invention,
): Promise<void> => {
  const key = randomBytes(32);
  await writeStoreKey(options, key, undefined);
  await using store = await openStore(options, key, clock);
  using allocator = createAllocator(store);
  const spec = clusterSpec.parse({
    ...(options.addressPools && { addressPools: options.addressPools }),
    ...(options.encryption && { encryption: options.encryption }),
    ...(options.subnetPrefix !== undefined && { subnetPrefix: options.subnetPrefix }),
  });
  await createCluster({ store, allocator, clock, random, id: clusterId, spec, material, ipv6 });
  const now = clock.now();
  await store.update((transaction) =>
    transaction.create('node', {
      id: nodeId,
      version: 0,
      createdAt: now,
      updatedAt: now,
      spec: {
        role: 'manager',
        availability: 'active',
        ...(options.name !== undefined && { name: options.name }),
      },
      managerAddress: formatAddress({ host: address, port }),
    }),
  );
};

/** So that the manager, which is to be small, needs not issue it when it starts. */
const writeApiCertificate = async (
  { clock }: HostPorts,
  options: InitOptions,
  config: NodeConfig,
  { clusterId, material }: Invention,
): Promise<void> => {
  await apiCredentials({ cluster: { id: clusterId, ...material }, config, directories: options, clock });
};

/** See Host.init. */
export const initNode = async (ports: HostPorts, options: InitOptions): Promise<InitResult> => {
  // The keys take a moment, and so does the engine: neither waits for the other.
  const inventing = invent(ports);
  inventing.catch(() => undefined);
  const machine = await checkMachine(ports, options, true);
  const apiPort = options.apiPort ?? defaultApiPort;
  const apiNames = options.apiNames ?? [];
  await checkApi(ports, machine.address, apiPort, apiNames);
  const addresses6 = await ports.machine.addresses6();
  const invention = await inventing;
  const config: NodeConfig = {
    version: 1,
    nodeId: invention.nodeId,
    clusterId: invention.clusterId,
    role: 'manager',
    ...(options.name !== undefined && { name: options.name }),
    address: machine.address,
    port: machine.port,
    apiPort,
    apiNames: [...apiNames],
    engine: options.engine,
    managers: [formatAddress({ host: machine.address, port: machine.port })],
    runDirectory: options.runDirectory,
    socketMode: options.socketMode ?? 0o660,
  };
  try {
    await mkdir(options.stateDirectory, { recursive: true, mode: 0o700 });
    await Promise.all([
      writeCredentials(options, invention.credentials),
      writeState(ports, options, { ...machine, ipv6: addresses6.length > 0 }, invention),
      ...(apiPort === 0 ? [] : [writeApiCertificate(ports, options, config, invention)]),
    ]);
    await writeConfig(options, config);
    await startDaemons(ports, config, options, options.signal);
  } catch (error) {
    await undo(ports, config, options);
    throw error;
  }
  return { ...memberOf(config, options), socket: nodePaths(options).socket, tokens: invention.material.joinTokens };
};
