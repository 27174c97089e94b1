import { join } from 'node:path';
import type { Directories } from './host.ts';

export const defaultDirectories: Directories = { stateDirectory: '/var/lib/tutti', runDirectory: '/run/tutti' };

/** Every file of a node, by what it is. */
export const nodePaths = ({ stateDirectory, runDirectory }: Directories) => ({
  /** What the node is; written last, so that where it is there is a member. */
  config: join(stateDirectory, 'config.json'),
  /** Certificate and key in one, so that they are replaced together. */
  identity: join(stateDirectory, 'node.pem'),
  /** The same for the API over TCP, on managers. */
  apiIdentity: join(stateDirectory, 'api.pem'),
  authority: join(stateDirectory, 'ca.crt'),
  store: join(stateDirectory, 'manager', 'store.db'),
  storeKey: join(stateDirectory, 'manager', 'store.key'),
  assignments: join(stateDirectory, 'agent', 'assignments.journal'),
  description: join(stateDirectory, 'agent', 'description.json'),
  /** Private keys of the encryption between nodes (0600). */
  tunnelKeys: join(stateDirectory, 'agent', 'wireguard.json'),
  records: join(stateDirectory, 'agent', 'tasks.journal'),
  /** The API, on managers. */
  socket: join(runDirectory, 'docker.sock'),
  /** Where the agent tells the resolver what to answer. */
  resolverSocket: join(runDirectory, 'resolver.sock'),
  /** Secrets and configs of tasks: on a memory file system. */
  taskFiles: join(runDirectory, 'tasks'),
  /** The front door's configuration and sockets. In `files`, on a memory file system, is what the configuration refers to. */
  door: join(runDirectory, 'door'),
  doorLog: join(stateDirectory, 'door.log'),
});
