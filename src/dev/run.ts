import { TuttiError } from '../model/errors.ts';
import type { Exec, ExecOptions } from '../platform/exec.ts';

/** Runs a program that must succeed; returns what it wrote. @throws TuttiError `internal` with what it said. */
export async function run(exec: Exec, argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const [command = '', ...args] = argv;
  const result = await exec(command, args, options);
  options.signal?.throwIfAborted();
  if (result.code === 0) return result.stdout;
  throw new TuttiError('internal', `${argv.join(' ')}: ${result.stderr.trim() || `exit code ${result.code}`}`);
}

/** Runs a program that may fail because what it would undo is not there. */
export async function attempt(exec: Exec, argv: readonly string[]): Promise<boolean> {
  const [command = '', ...args] = argv;
  return (await exec(command, args)).code === 0;
}
