import type { Command } from 'commander';
import type { CliContext, CommonFlags } from '../context.ts';
import type { Session } from '../session.ts';

/** What a command's definition is given. The heavy parts are imported when a command runs, not before. */
export interface Registry {
  readonly program: Command;
  readonly context: CliContext;
  /** A session for the command's flags. */
  readonly open: (command: Command) => Promise<Session>;
}

export const createRegistry = (program: Command, context: CliContext): Registry => ({
  program,
  context,
  open: async (command) => {
    const { openSession } = await import('../session.ts');
    return await openSession(context, command.optsWithGlobals<CommonFlags>());
  },
});
