/**
 * The daemons of a node, those first that others wait for; a worker has no manager. The resolver answers names, also
 * while the agent is away.
 */
export const daemonNames = ['manager', 'resolver', 'agent'] as const;
export type DaemonName = (typeof daemonNames)[number];

/** Besides them: what serves a machine's own socket, member or not. */
export type ServiceName = DaemonName | 'endpoint';

/** One daemon, as it is to be started. Nothing secret is in it: secrets are in files of the state directory. */
export interface Daemon {
  readonly name: ServiceName;
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Added to the environment; nothing else but PATH and HOME is passed on. */
  readonly environment: Readonly<Record<string, string>>;
  /** The only capabilities that it needs, as capabilities(7) names them. Absent: what root has. */
  readonly capabilities?: readonly string[];
  /** As nice(1) has it: below 0 it goes before others. Absent: 0. */
  readonly niceness?: number;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  /** Where the daemon's standard output and error go; kept below 2 × 10 MB. */
  readonly logFile: string;
}

/**
 * Starts a daemon so that it outlives the caller and is started again at once whenever it dies (kill -9 included), with
 * a pause where it keeps dying, which grows as far as the launcher can do that.
 */
export interface Launcher {
  /** Resolves when the daemon's process exists (not when it is ready). Nothing happens when it runs already. */
  start(daemon: Daemon, signal?: AbortSignal): Promise<void>;
  /** SIGTERM, and SIGKILL after ten seconds. Resolves when it is gone; also when it did not run. */
  stop(daemon: Daemon, signal?: AbortSignal): Promise<void>;
  /** The daemon's process id; undefined while it does not run. */
  running(daemon: Daemon): Promise<number | undefined>;
}
