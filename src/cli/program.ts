import { Command, Help } from 'commander';
import type { Option } from 'commander';
import { registerCompletion } from './commands/completion.ts';
import { registerContexts } from './commands/contexts.ts';
import { registerMembership } from './commands/membership.ts';
import { registerNodes } from './commands/nodes.ts';
import { createRegistry } from './commands/register.ts';
import { registerRoutes } from './commands/routes.ts';
import { registerServe } from './commands/serve.ts';
import { registerServices } from './commands/services.ts';
import { registerStacks } from './commands/stacks.ts';
import { registerStreams } from './commands/streams.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { painter } from './output/paint.ts';

/** Adds `dev` with its subcommands; its parts are heavy and come only when they are wanted. */
export type RegisterDev = (program: Command) => Promise<void>;

/** The whole command line as definitions; nothing has run yet. `wanted`: the words that the user typed. */
export const createProgram = async (
  context: CliContext,
  wanted: readonly string[],
  registerDev: RegisterDev,
): Promise<Command> => {
  const program = new Command('tutti')
    .description('All your Docker engines, playing as one.')
    .version(context.version, '--version', 'show the version')
    .option('--host <endpoint>', 'where the manager answers; default: TUTTI_HOST, else unix:///run/tutti/docker.sock')
    .option('--context <name>', 'a context of the docker command that leads to the cluster; default: TUTTI_CONTEXT')
    .helpCommand(false)
    .showHelpAfterError('(see --help)')
    .configureHelp({ optionDescription: describeOption })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // As every other fault begins.
      outputError: (text, write) =>
        write(text.replace(/^error: /, `${painter(context.stderr, context.environment)('red', 'tutti:')} `)),
      getOutHelpWidth: () => context.stdout.columns,
      getErrHelpWidth: () => context.stderr.columns,
    })
    .exitOverride();
  const registry = createRegistry(program, context);
  program.commandsGroup('Machines:');
  registerMembership(registry);
  registerNodes(registry);
  registerContexts(registry);
  registerServe(registry);
  program.commandsGroup('Stacks and services:');
  registerStacks(registry);
  registerServices(registry);
  registerStreams(registry);
  program.commandsGroup('Front door:');
  registerRoutes(registry);
  program.commandsGroup('Beside the cluster:');
  if (wanted.includes('dev')) await registerDev(program);
  else program.command('dev').description('a cluster on this machine, for development and tests (needs root)');
  registerCompletion(registry);
  program.addHelpText('after', examples);
  for (const command of program.commands) command.exitOverride();
  return program;
};

const help = new Help();

/** Without defaults that say nothing: a flag is off, a list is empty. */
const describeOption = (option: Option): string => {
  const { defaultValue } = option as { readonly defaultValue?: unknown };
  const isNothing = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
  return isNothing ? option.description : help.optionDescription(option);
};

const examples = `
Examples:
  tutti init                          make a cluster of this machine
  tutti deploy shop -f compose.yaml   run a Compose file on it
  tutti ps shop                       see its tasks
  tutti explain shop_web.1            ask why a task is where it is

Exit codes: ${Object.entries(exitCodes)
  .map(([name, code]) => `${code} ${name.replace(/[A-Z]/, (letter) => ` ${letter.toLowerCase()}`)}`)
  .join(', ')}
`;
