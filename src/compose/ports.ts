/** What the loader needs from outside, so that everything else is testable in memory. */
export interface ComposePorts {
  /** The bytes of a file, or undefined when there is none. Throws when it is there and cannot be read. `-` is standard input. */
  readonly readFile: (path: string, signal: AbortSignal) => Promise<Uint8Array | undefined>;
}

export interface LoadOptions {
  /** Absolute; relative file names start here. */
  readonly workingDirectory: string;
  /** What `process.env` is to a command; wins over env files. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--env-file`, in order, instead of the `.env` beside the first file. */
  readonly envFiles?: readonly string[];
  /** `--profile`, beside COMPOSE_PROFILES; `*` activates all. */
  readonly profiles?: readonly string[];
  /** The name of the stack: before COMPOSE_PROJECT_NAME, the file's `name` and the directory's name. */
  readonly projectName?: string;
  /** Instead of the directory of the first file. */
  readonly projectDirectory?: string;
  readonly signal: AbortSignal;
}
