import * as z from 'zod';
import { port } from '../model/common.ts';
import { TuttiError } from '../model/errors.ts';
import { nodeId } from '../model/ids.ts';
import { nodeRole } from '../model/node.ts';
import { readText, replaceFile } from '../platform/files.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** The port that Docker uses for its API with TLS. */
export const defaultApiPort = 2376;

/** What a node is: `config.json` in its state directory. No secret is in it. */
export const nodeConfig = z.object({
  version: z.literal(1),
  nodeId,
  clusterId: z.string().min(1).max(128),
  role: nodeRole,
  name: z.string().max(255).optional(),
  /** Address that other nodes reach this one by. */
  address: z.string().max(255),
  /** Port of the managers. */
  port,
  /** Port of the API over TCP, on managers; 0: none. */
  apiPort: z.number().int().min(0).max(65_535).default(defaultApiPort),
  /** DNS names and addresses besides the node's own that clients reach the API by. */
  apiNames: z.array(z.string().max(255)).max(64).default([]),
  engine: z.string().max(4096),
  /** Managers to try first: `10.0.0.1:2377`. */
  managers: z.array(z.string().max(255)).min(1).max(100),
  runDirectory: z.string().max(4096),
  socketMode: z.number().int().min(0).max(0o777).default(0o660),
});
export type NodeConfig = z.infer<typeof nodeConfig>;

/** Undefined when the directory has no member. Throws `corrupt`. */
export const readConfig = async (directories: Directories): Promise<NodeConfig | undefined> => {
  const { config: path } = nodePaths(directories);
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return nodeConfig.parse(JSON.parse(text));
  } catch (error) {
    throw new TuttiError('corrupt', `${path} cannot be read: put it right, or remove the directory and join again`, {
      cause: error,
    });
  }
};

/** The same, but throws `not-found` when there is no member. */
export const requireConfig = async (directories: Directories): Promise<NodeConfig> => {
  const config = await readConfig(directories);
  if (config !== undefined) return config;
  throw new TuttiError(
    'not-found',
    `this machine is not in a cluster (${directories.stateDirectory} has no config.json): run "tutti init" or "tutti join"`,
  );
};

export const writeConfig = async (directories: Directories, config: NodeConfig): Promise<void> => {
  await replaceFile(nodePaths(directories).config, `${JSON.stringify(config, undefined, 2)}\n`, 0o644);
};
