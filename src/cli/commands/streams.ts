import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { LogFlags } from '../actions/streams.ts';
import { parseMoment } from '../duration.ts';
import { wholeNumber, withExamples, withFormat } from './options.ts';
import type { Registry } from './register.ts';

export const registerStreams = ({ program, context, open }: Registry): void => {
  const moment = (text: string): number => {
    const found = parseMoment(text, context.clock.now());
    if (found === undefined)
      throw new InvalidArgumentError('a span such as 10m or a time such as 2026-01-31T12:00:00Z');
    return found;
  };
  const logs = withFormat(program.command('logs'))
    .description('show what a service or one task writes')
    .argument('<service-or-task>', 'such as shop_web or shop_web.1')
    .option('-f, --follow', 'go on as lines come', false)
    .option('-n, --tail <lines>', 'only the last lines of each task', wholeNumber)
    .option('--since <when>', 'a span such as 10m or a time', moment)
    .option('-t, --timestamps', 'show when each line was written', false)
    .action(async (name: string, flags: LogFlags, command: Command) => {
      const { showLogs } = await import('../actions/streams.ts');
      const { follow, timestamps, tail, since } = flags;
      await showLogs(await open(command), name, {
        follow,
        timestamps,
        ...(tail === undefined ? {} : { tail }),
        ...(since === undefined ? {} : { since: Math.floor(since) }),
      });
    });
  withExamples(logs, 'tutti logs -f shop_web', 'tutti logs shop_web.1 --tail 100', 'tutti logs shop_web --since 10m');
  const events = withFormat(program.command('events'))
    .description('show what changes in the cluster, as it does')
    .option('--since <when>', 'begin with events of the past', moment)
    .option('--until <when>', 'end there', moment)
    .action(async (flags: { readonly since?: number; readonly until?: number }, command: Command) => {
      const { showEvents } = await import('../actions/streams.ts');
      await showEvents(await open(command), {
        ...(flags.since === undefined ? {} : { since: Math.floor(flags.since) }),
        ...(flags.until === undefined ? {} : { until: Math.floor(flags.until) }),
      });
    });
  withExamples(events, 'tutti events', 'tutti events --since 1h --format json');
};
