import type { Host } from '../host/host.ts';
import type { Exec } from '../platform/exec.ts';
import type { Clock } from '../platform/ports.ts';

/** A stream that the command writes to. */
export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; 80 where it is none. */
  readonly columns: number;
}

/** What a command needs of the process that it runs in. */
export interface CliContext {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Everything on standard input, or undefined when it is a terminal. */
  readonly readStdin: () => Promise<string | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly clock: Clock;
  readonly version: string;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  /** The bytes of a file, or undefined when there is none; `-` is standard input. */
  readonly readFile: (path: string, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /** Writes a file that its owner alone may read; `-` is standard output. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Runs another program: docker's credential helpers. */
  readonly exec: Exec;
  /** This machine: making, joining and leaving clusters. */
  readonly loadHost: () => Promise<Host>;
}

/** Options that every command has. */
export interface CommonFlags {
  readonly host?: string;
  readonly context?: string;
  readonly format: 'table' | 'json';
}
