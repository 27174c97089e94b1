import { Argument, InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Encryption } from '../../model/cluster.ts';
import type { NodeRole } from '../../model/node.ts';
import { collect, withExamples, withFormat, wholeNumber } from './options.ts';
import type { Registry } from './register.ts';

const socketMode = (text: string): number => {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError('three octal digits are needed, such as 660');
  return Number.parseInt(text, 8);
};

const withDirectories = (command: Command): Command =>
  command
    .option('--state-directory <path>', 'what outlives a boot', '/var/lib/tutti')
    .option('--run-directory <path>', 'sockets and process ids', '/run/tutti');

const withMember = (command: Command): Command =>
  withDirectories(withFormat(command))
    .option('--engine <endpoint>', 'the Docker Engine of this machine', 'unix:///var/run/docker.sock')
    .option('--address <address>', 'where other nodes reach this one; default: the address of the default route')
    .option('--name <name>', "shown in lists; default: the machine's host name")
    .option('--port <port>', 'of the managers', wholeNumber, 2377);

interface MemberFlags {
  readonly engine: string;
  readonly address?: string;
  readonly name?: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly addressPool?: readonly string[];
  readonly socketMode?: number;
  readonly apiPort?: number;
  readonly apiName?: readonly string[];
  readonly encryption?: Encryption;
}

const memberOptions = (flags: MemberFlags) => ({
  engine: flags.engine,
  port: flags.port,
  stateDirectory: flags.stateDirectory,
  runDirectory: flags.runDirectory,
  ...(flags.address === undefined ? {} : { address: flags.address }),
  ...(flags.name === undefined ? {} : { name: flags.name }),
});

export const registerMembership = (registry: Registry): void => {
  const { program, context, open } = registry;
  const init = withMember(program.command('init'))
    .description('make a cluster of this machine')
    .option('--address-pool <network>', 'networks are cut out of this; several may be given', collect, [])
    .addOption(
      new Option('--encryption <mode>', 'of what goes between nodes; default: auto').choices(['auto', 'on', 'off']),
    )
    .option('--socket-mode <mode>', "of the endpoint's socket", socketMode)
    .option('--api-port <port>', 'of the API over TCP with TLS; 0: none; default: 2376', wholeNumber)
    .option('--api-name <name>', 'a name that clients reach the API by; several may be given', collect, [])
    .action(async (flags: MemberFlags, command: Command) => {
      const { initCluster } = await import('../actions/membership.ts');
      await initCluster(await open(command), {
        ...memberOptions(flags),
        ...(flags.addressPool === undefined || flags.addressPool.length === 0
          ? {}
          : { addressPools: flags.addressPool }),
        ...(flags.socketMode === undefined ? {} : { socketMode: flags.socketMode }),
        ...(flags.apiPort === undefined ? {} : { apiPort: flags.apiPort }),
        ...(flags.apiName === undefined || flags.apiName.length === 0 ? {} : { apiNames: flags.apiName }),
        ...(flags.encryption === undefined ? {} : { encryption: flags.encryption }),
        signal: context.signal,
      });
    });
  withExamples(init, 'tutti init', 'tutti init --address 10.0.0.1 --address-pool 10.200.0.0/13');
  registerJoin(registry);
  registerLeave(registry);
  registerToken(registry);
};

const registerJoin = ({ program, context, open }: Registry): void => {
  const join = withMember(program.command('join'))
    .description('make this machine a node of a cluster; the token comes on standard input')
    .argument('<managers...>', 'addresses of managers: 10.0.0.1 or 10.0.0.1:2377')
    .option('--token-file <path>', 'read the token from this file')
    .action(async (managers: string[], flags: MemberFlags & { readonly tokenFile?: string }, command: Command) => {
      const { joinCluster } = await import('../actions/membership.ts');
      await joinCluster(await open(command), {
        ...memberOptions(flags),
        managers,
        ...(flags.tokenFile === undefined ? {} : { tokenFile: flags.tokenFile }),
        signal: context.signal,
      });
    });
  withExamples(
    join,
    'echo SWMTKN-1-… | tutti join 10.0.0.1',
    'tutti join 10.0.0.1 10.0.0.2 --token-file /root/token',
    'TUTTI_JOIN_TOKEN=SWMTKN-1-… tutti join 10.0.0.1',
  );
};

const registerLeave = ({ program, context, open }: Registry): void => {
  const leave = withDirectories(withFormat(program.command('leave')))
    .description('take this machine out of its cluster')
    .option('--force', 'also when that ends the cluster, or no manager answers', false)
    .action(
      async (
        flags: { readonly force: boolean; readonly stateDirectory: string; readonly runDirectory: string },
        command: Command,
      ) => {
        const { leaveCluster } = await import('../actions/membership.ts');
        const { force, stateDirectory, runDirectory } = flags;
        await leaveCluster(await open(command), { force, stateDirectory, runDirectory, signal: context.signal });
      },
    );
  withExamples(leave, 'tutti leave', 'tutti leave --force');
};

const registerToken = ({ program, open }: Registry): void => {
  const token = withFormat(program.command('token'))
    .description('show the command that adds a machine')
    .addArgument(new Argument('[role]', 'what the machine becomes').choices(['worker', 'manager']).default('worker'))
    .option('--rotate', 'make a new token; the old one is worth nothing then', false)
    .action(async (role: NodeRole, flags: { readonly rotate: boolean }, command: Command) => {
      const { showToken } = await import('../actions/membership.ts');
      await showToken(await open(command), role, flags.rotate);
    });
  withExamples(token, 'tutti token', 'tutti token worker --rotate');
};
