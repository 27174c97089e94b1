import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import type { Encryption } from '../../model/cluster.ts';
import type { PlacementFlags } from '../actions/placement.ts';
import type { WaitFlags } from '../actions/scale.ts';
import { collect, share, withExamples, withFormat, withWait } from './options.ts';
import type { Registry } from './register.ts';

const encryptions = ['auto', 'on', 'off'];
const strategies = ['spread', 'binpack', 'random'];
const drainTimeoutMs = 120_000;

export const registerNodes = (registry: Registry): void => {
  const { program, open } = registry;
  const nodes = withFormat(program.command('nodes'))
    .description('list the machines')
    .action(async (_flags: unknown, command: Command) => {
      const { listNodes } = await import('../actions/nodes.ts');
      await listNodes(await open(command));
    });
  withExamples(nodes, 'tutti nodes', 'tutti nodes --format json');
  const drain = withWait(program.command('drain'), drainTimeoutMs, '2m')
    .description('move every task off a node, give it no new ones, and wait until they run elsewhere')
    .argument('<node>', 'its name or id')
    .action(async (node: string, flags: WaitFlags, command: Command) => {
      const action = await import('../actions/drain.ts');
      await action.drain(await open(command), node, flags);
    });
  withExamples(drain, 'tutti drain n2', 'tutti drain n2 --timeout 10m', 'tutti drain n2 --detach');
  const placement = withFormat(program.command('placement'))
    .description('show or set how containers and tasks are placed')
    .addOption(new Option('--strategy <strategy>', 'which node of those that fit').choices([...strategies]))
    .addOption(
      new Option('--overcommit <share>', 'of cpus and memory that may be reserved beyond what a node has').argParser(
        share,
      ),
    )
    .action(async (flags: PlacementFlags, command: Command) => {
      const action = await import('../actions/placement.ts');
      await action.placement(await open(command), flags);
    });
  withExamples(placement, 'tutti placement', 'tutti placement --strategy binpack --overcommit 10%');
  const encryption = withFormat(program.command('encryption'))
    .description('show or set whether what goes between nodes is encrypted')
    .addArgument(new Argument('[mode]', 'auto: between different machines that can').choices([...encryptions]))
    .option('--rotate', 'every node makes itself another key; connections go on', false)
    .action(async (mode: Encryption | undefined, flags: { readonly rotate: boolean }, command: Command) => {
      const action = await import('../actions/encryption.ts');
      const { rotate } = flags;
      await action.encryption(await open(command), { rotate, ...(mode !== undefined && { encryption: mode }) });
    });
  withExamples(encryption, 'tutti encryption', 'tutti encryption on', 'tutti encryption --rotate');
  const doctor = withFormat(program.command('doctor'))
    .description('look for what is wrong with the nodes and between them; exit code 1 where anything is')
    .option('--node <node>', 'only this one; several may be given', collect, [])
    .action(async ({ node }: { readonly node: readonly string[] }, command: Command) => {
      const action = await import('../actions/doctor.ts');
      await action.doctor(await open(command), node);
    });
  withExamples(doctor, 'tutti doctor', 'tutti doctor --node n2 --format json');
  const pause = withFormat(program.command('pause')).description('give a node no new tasks; those that run stay');
  withExamples(addAvailability(registry, pause, 'pause'), 'tutti pause n2');
  const activate = withFormat(program.command('activate')).description('give a node tasks again after drain or pause');
  withExamples(addAvailability(registry, activate, 'active'), 'tutti activate n2');
};

const addAvailability = ({ open }: Registry, command: Command, availability: 'active' | 'pause'): Command =>
  command.argument('<node>', 'its name or id').action(async (node: string, _flags: unknown, self: Command) => {
    const { setAvailability } = await import('../actions/availability.ts');
    await setAvailability(await open(self), node, availability);
  });
