import { CommanderError } from 'commander';
import { TuttiError } from '../model/errors.ts';
import type { CliContext } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { painter } from './output/paint.ts';
import type { RegisterDev } from './program.ts';
import { createProgram } from './program.ts';

/** Runs one command line (without the program's own name) and gives its exit code. Never throws. */
export const runCommand = async (
  context: CliContext,
  words: readonly string[],
  registerDev: RegisterDev,
): Promise<number> => {
  try {
    const program = await createProgram(context, words, registerDev);
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return report(context, thrown);
  }
};

const report = (context: CliContext, thrown: unknown): number => {
  const error = TuttiError.from(thrown);
  if (error.code === 'cancelled' && context.signal.aborted) {
    context.stderr.write('tutti: interrupted; what was asked for goes on in the cluster\n');
    return exitCodes.interrupted;
  }
  const paint = painter(context.stderr, context.environment);
  context.stderr.write(`${paint('red', 'tutti:')} ${error.message}\n`);
  return exitCodeOf(error.code);
};
