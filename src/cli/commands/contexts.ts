import type { Command } from 'commander';
import type { ContextFlags } from '../actions/contexts.ts';
import { duration, withExamples, withFormat } from './options.ts';
import type { Registry } from './register.ts';

const defaultName = 'tutti';

interface Flags {
  readonly address?: string;
  readonly valid?: number;
  readonly export?: string;
}

const contextFlags = ({ address, valid, export: path }: Flags): ContextFlags => ({
  ...(address !== undefined && { address }),
  ...(valid !== undefined && { validMs: valid }),
  ...(path !== undefined && { export: path }),
});

const withCertificate = (command: Command): Command =>
  withFormat(command)
    .option('--address <address>', 'of the manager, as this machine reaches it: HOST, HOST:PORT; default: its own')
    .option('--valid <span>', 'how long the certificate counts; default: 365d', duration);

export const registerContexts = ({ program, open }: Registry): void => {
  const context = program.command('context').description('contexts of the docker command that lead to the cluster');
  withExamples(context, 'tutti context create', 'tutti context ls');
  const create = withCertificate(context.command('create'))
    .description('make one, with a certificate of its own')
    .argument('[name]', 'of the context', defaultName)
    .option('--export <file>', 'write an archive for "docker context import" instead; - is standard output')
    .action(async (name: string, flags: Flags, command: Command) => {
      const { createContext } = await import('../actions/contexts.ts');
      await createContext(await open(command), name, contextFlags(flags));
    });
  withExamples(
    create,
    'tutti context create',
    'tutti context create ann --address docker.example.org --export ann.tar',
  );
  const renew = withCertificate(context.command('renew'))
    .description('give one a new key and certificate; the old ones are worth nothing then')
    .argument('[name]', 'of the context', defaultName)
    .action(async (name: string, flags: Flags, command: Command) => {
      const { renewContext } = await import('../actions/contexts.ts');
      await renewContext(await open(command), name, contextFlags(flags));
    });
  withExamples(renew, 'tutti context renew', 'tutti context renew prod --valid 30d');
  const list = withFormat(context.command('ls'))
    .description('list who may use the API over TCP')
    .action(async (_flags: unknown, command: Command) => {
      const { listContexts } = await import('../actions/contexts.ts');
      await listContexts(await open(command));
    });
  withExamples(list, 'tutti context ls');
  const remove = withFormat(context.command('rm'))
    .description('revoke the certificate of one, and remove it where it is on this machine')
    .argument('<name>', 'of the context, or the id of the client')
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { removeContext } = await import('../actions/contexts.ts');
      await removeContext(await open(command), name);
    });
  withExamples(remove, 'tutti context rm tutti', 'tutti context rm k3v8x');
};
