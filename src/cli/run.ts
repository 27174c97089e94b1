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
    return report(
      context,
      thrown,
      words.some((word) => goesOn.has(word)),
    );
  }
};

/** Commands that wait for the cluster to do what they have asked it for. */
const goesOn: ReadonlySet<string> = new Set(['deploy', 'scale', 'drain', 'rm']);

const report = (context: CliContext, thrown: unknown, leavesWork: boolean): number => {
  if (context.signal.aborted) {
    if (leavesWork) context.stderr.write('tutti: interrupted; what was asked for goes on in the cluster\n');
    return exitCodes.interrupted;
  }
  const error = TuttiError.from(thrown);
  const paint = painter(context.stderr, context.environment);
  context.stderr.write(`${paint('red', 'tutti:')} ${error.message}\n`);
  return exitCodeOf(error.code);
};
