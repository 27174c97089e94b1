import { execFile } from 'node:child_process';

export interface ExecResult {
  /** Exit code; -1 when it was killed by a signal or could not be started. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end, without a shell. A failure is a value: look at `code`. Output is cut off at 16 MB. */
export type Exec = (command: string, args: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export const systemExec: Exec = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = execFile(
      command,
      args,
      {
        maxBuffer: 16 * 1024 * 1024,
        timeout: options.timeoutMs ?? 30_000,
        ...(options.signal && { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
      },
    );
    // A program that ends before it has read its input closes the pipe: the exit code tells the rest.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
