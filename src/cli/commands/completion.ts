import { Argument } from 'commander';
import { withExamples } from './options.ts';
import type { Registry } from './register.ts';

export const registerCompletion = ({ program, context, open }: Registry): void => {
  const completion = program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../completion/scripts.ts');
      context.stdout.write(completionScript(shell));
    });
  withExamples(
    completion,
    'tutti completion bash > /etc/bash_completion.d/tutti',
    'tutti completion zsh > "${fpath[1]}/_tutti"',
    'tutti completion fish > ~/.config/fish/completions/tutti.fish',
  );
  program
    .command('__complete', { hidden: true })
    .description('candidates for the last of the words, one per line')
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[], _flags: unknown, command) => {
      const { candidates } = await import('../completion/candidates.ts');
      const found = await candidates(program, words, () => open(command));
      context.stdout.write(found.map((each) => `${each}\n`).join(''));
    });
};
