import { join } from 'node:path';
import type { NodeConfig } from '../config.ts';
import type { Directories } from '../host.ts';
import { daemonNames } from './launcher.ts';
import type { Daemon, ServiceName } from './launcher.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/**
 * For bytes that pass through, see ADR 35: V8 would have the whole heap marked for every 20 MB of them. With these it
 * counts their buffers against the same limit as the heap, and what is young is collected before it comes to that.
 * platform/idle-memory.ts collects garbage too.
 */
const streams = ['--external-memory-accounted-in-global-limit', '--expose-gc'];

/** V8 keeps what a short burst needs unless it is told that memory matters; values as measured, see docs/adr. */
const smallHeap = ['--max-semi-space-size=2', '--optimize-for-size', '--initial-old-space-size=48', ...streams];
const nodeFlags: Readonly<Record<ServiceName, readonly string[]>> = {
  agent: smallHeap,
  resolver: smallHeap,
  endpoint: smallHeap,
  // There is one on few machines, and its answers are long: room for them is a third of the time.
  manager: ['--max-semi-space-size=8', '--initial-old-space-size=64', ...streams],
};

/** The resolver is asked by every container: it may open port 53 and read the program, and nothing else that root may. */
const capabilities: Partial<Record<ServiceName, readonly string[]>> = {
  resolver: ['CAP_NET_BIND_SERVICE', 'CAP_DAC_READ_SEARCH'],
};

/** Every container waits for its answers, of a few microseconds each, see docs/adr/0056. */
const niceness: Partial<Record<ServiceName, number>> = { resolver: -10 };

/** How a daemon of a node is started. */
export const daemonOf = (
  name: ServiceName,
  { stateDirectory, runDirectory }: Directories,
  more: readonly string[] = [],
): Daemon => ({
  name,
  command: [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    ...nodeFlags[name],
    join(root, 'bin', `${name}.ts`),
    '--state',
    stateDirectory,
    '--run',
    runDirectory,
    ...more,
  ],
  environment: {
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? join(root, '.cache', 'compile'),
    // Each thread that allocates gets an arena of its own otherwise, and keeps it.
    MALLOC_ARENA_MAX: '2',
  },
  ...(capabilities[name] && { capabilities: capabilities[name] }),
  ...(niceness[name] !== undefined && { niceness: niceness[name] }),
  stateDirectory,
  runDirectory,
  logFile: join(stateDirectory, `${name}.log`),
});

/** The daemons of a member. */
export const daemonsOf = (config: Pick<NodeConfig, 'role'>, directories: Directories): readonly Daemon[] =>
  daemonNames
    .filter((name) => name !== 'manager' || config.role === 'manager')
    .map((name) => daemonOf(name, directories));
