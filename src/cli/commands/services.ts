import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { ScaleTarget, WaitFlags } from '../actions/scale.ts';
import type { TaskFlags } from '../actions/tasks.ts';
import { withExamples, withFormat, withWait } from './options.ts';
import type { Registry } from './register.ts';

const scaleTimeoutMs = 120_000;

const target = (text: string, before: readonly ScaleTarget[] = []): readonly ScaleTarget[] => {
  const [, service, replicas] = /^([^=]+)=(\d{1,7})$/.exec(text) ?? [];
  if (service === undefined) throw new InvalidArgumentError('SERVICE=REPLICAS is needed, such as shop_web=5');
  return [...before, { service, replicas: Number(replicas) }];
};

export const registerServices = ({ program, open }: Registry): void => {
  const ls = withFormat(program.command('ls'))
    .description('list the services')
    .argument('[stack]', 'only those of this stack')
    .option('--stacks', 'list the stacks instead', false)
    .action(async (stack: string | undefined, flags: { readonly stacks: boolean }, command: Command) => {
      const { listServices, listStacks } = await import('../actions/services.ts');
      const session = await open(command);
      await (flags.stacks ? listStacks(session) : listServices(session, stack));
    });
  withExamples(ls, 'tutti ls', 'tutti ls shop', 'tutti ls --stacks');
  const ps = withFormat(program.command('ps'))
    .description('list the tasks')
    .argument('[names...]', 'only those of these services or stacks')
    .option('-a, --all', 'also tasks that ended', false)
    .option('--node <node>', 'only those on this node')
    .action(async (names: string[], flags: TaskFlags, command: Command) => {
      const { listTasks } = await import('../actions/tasks.ts');
      const { all, node } = flags;
      await listTasks(await open(command), names, { all, ...(node === undefined ? {} : { node }) });
    });
  withExamples(ps, 'tutti ps', 'tutti ps shop', 'tutti ps shop_web --all', 'tutti ps --node n2');
  const scale = withWait(program.command('scale'), scaleTimeoutMs, '2m')
    .description('change the number of tasks of services')
    .argument('<service=replicas...>', 'such as shop_web=5', target)
    .action(async (targets: readonly ScaleTarget[], flags: WaitFlags, command: Command) => {
      const { scaleServices } = await import('../actions/scale.ts');
      await scaleServices(await open(command), targets, flags);
    });
  withExamples(scale, 'tutti scale shop_web=5', 'tutti scale shop_web=5 shop_worker=2 --detach');
  const explain = withFormat(program.command('explain'))
    .description('say why a task is where it is, or why it is nowhere')
    .argument('<task>', 'its id or its name, such as shop_web.1')
    .action(async (task: string, _flags: unknown, command: Command) => {
      const { explainTask } = await import('../actions/explain.ts');
      await explainTask(await open(command), task);
    });
  withExamples(explain, 'tutti explain shop_web.1');
};
