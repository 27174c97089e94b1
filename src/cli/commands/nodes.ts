import type { Command } from 'commander';
import type { WaitFlags } from '../actions/scale.ts';
import { withExamples, withFormat, withWait } from './options.ts';
import type { Registry } from './register.ts';

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
