import type { Command } from 'commander';
import { withExamples, withFormat } from './options.ts';
import type { Registry } from './register.ts';

interface Flags {
  readonly socket: string;
  readonly engine: string;
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly stop: boolean;
}

export const registerServe = ({ program, context, open }: Registry): void => {
  const serve = withFormat(program.command('serve'))
    .description("serve this machine's own socket: its plain engine, until docker swarm init or join through it")
    .option('--socket <path>', 'where', '/run/tutti.sock')
    .option('--engine <endpoint>', 'the Docker Engine of this machine', 'unix:///var/run/docker.sock')
    .option('--state-directory <path>', 'what outlives a boot', '/var/lib/tutti')
    .option('--run-directory <path>', 'sockets and process ids', '/run/tutti')
    .option('--stop', 'serve it no longer', false)
    .action(async ({ stop, socket, engine, stateDirectory, runDirectory }: Flags, command: Command) => {
      const { serveMachine } = await import('../actions/serve.ts');
      const options = { socket, engine, stateDirectory, runDirectory, signal: context.signal };
      await serveMachine(await open(command), options, stop);
    });
  withExamples(serve, 'tutti serve', 'tutti serve --socket /run/mine.sock', 'tutti serve --stop');
};
