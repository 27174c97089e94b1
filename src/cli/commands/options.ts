import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { parseDuration } from '../duration.ts';

/** `--format`, which every command has. */
export const withFormat = (command: Command): Command =>
  command.addOption(new Option('--format <format>', 'of the output').choices(['table', 'json']).default('table'));

/** Milliseconds. */
export const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('a span is needed, such as 30s, 5m or 1h');
  return ms;
};

/** `--detach` and `--timeout` of what takes long. */
export const withWait = (command: Command, timeoutMs: number, text: string): Command =>
  withFormat(command)
    .option('-d, --detach', 'do not wait', false)
    .addOption(new Option('--timeout <span>', 'how long to wait').argParser(duration).default(timeoutMs, text));

/** Collects an option that may be given several times. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
};

/** `5%` or `0.05`: a share of one. */
export const share = (text: string): number => {
  const match = /^(-?\d{1,4}(?:\.\d{1,4})?)(%?)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('a share is needed, such as 5% or 0.05');
  return match[2] === '%' ? Number(match[1]) / 100 : Number(match[1]);
};

/** Examples under a command's help. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`);
