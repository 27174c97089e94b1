import { Option } from 'commander';
import type { Command } from 'commander';
import type { ProjectFlags } from '../actions/project.ts';
import type { WaitFlags } from '../actions/scale.ts';
import { collect, duration, withExamples, withFormat, withWait } from './options.ts';
import type { Registry } from './register.ts';

const deployTimeoutMs = 300_000;
const stableMs = 5000;
const removeTimeoutMs = 120_000;

const withProject = (command: Command): Command =>
  command
    .argument('[stack]', "the stack's name; default: the file's `name`, else the directory's")
    .option('-f, --file <path>', 'Compose file, `-` for standard input; several are merged', collect, [])
    .option('--profile <name>', 'also services of this profile; several may be given', collect, [])
    .option('--env-file <path>', 'variables for the files; several may be given', collect, [])
    .option('--project-directory <path>', 'relative paths in the files start here')
    .option('--prune', 'remove what is no longer in the files', false);

type DeployFlags = ProjectFlags & { readonly prune: boolean };
type StableFlags = WaitFlags & { readonly stable: number };

export const registerStacks = (registry: Registry): void => {
  const { program, open } = registry;
  const deploy = withProject(withWait(program.command('deploy'), deployTimeoutMs, '5m'))
    .description('make the cluster match Compose files, and wait until everything runs')
    .addOption(
      new Option('--stable <span>', 'how long all must keep running before that counts')
        .argParser(duration)
        .default(stableMs, '5s'),
    )
    .action(async (stack: string | undefined, flags: DeployFlags & StableFlags, command: Command) => {
      const action = await import('../actions/deploy.ts');
      await action.deploy(await open(command), stack, flags);
    });
  withExamples(
    deploy,
    'tutti deploy',
    'tutti deploy shop -f compose.yaml -f production.yaml --prune',
    'tutti deploy shop -f compose.yaml --detach --format json',
  );
  const plan = withProject(withFormat(program.command('plan')))
    .description('show what deploy would do, and do nothing')
    .action(async (stack: string | undefined, flags: DeployFlags, command: Command) => {
      const { planDeployment } = await import('../actions/plan.ts');
      await planDeployment(await open(command), stack, flags);
    });
  withExamples(plan, 'tutti plan', 'tutti plan shop -f compose.yaml --prune');
  const remove = withWait(program.command('rm'), removeTimeoutMs, '2m')
    .description('take down stacks with everything that they made, or single services')
    .argument('<names...>', 'stacks or services')
    .action(async (names: string[], flags: WaitFlags, command: Command) => {
      const action = await import('../actions/remove.ts');
      await action.remove(await open(command), names, flags);
    });
  withExamples(remove, 'tutti rm shop', 'tutti rm shop_web');
};
