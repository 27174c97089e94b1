import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Command } from 'commander';
import { registerDev } from '../dev/commands.ts';
import { systemClock } from '../platform/clock.ts';
import { createProgram } from './program.ts';

/** The documents whose commands readers type. */
const documents = ['README.md', 'docs/cli.md', 'docs/swarm-mode.md', 'docs/development-cluster.md'];
const root = new URL('../../', import.meta.url);
const textOf = async (path: string): Promise<string> => await readFile(new URL(path, root), 'utf8');

const never = async (): Promise<never> => assert.fail('a snippet is parsed and not run');

/** The whole command line, of which nothing runs. */
const tutti = async (): Promise<Command> => {
  const silent = { write: () => undefined, isTerminal: false, columns: 80 };
  const context = {
    stdout: silent,
    stderr: silent,
    readStdin: never,
    environment: {},
    workingDirectory: '/',
    clock: systemClock,
    version: '0',
    signal: new AbortController().signal,
    readFile: never,
    writeFile: never,
    exec: never,
    loadHost: never,
  };
  const ports = { exec: never, path: '', report: () => undefined };
  return inert(
    await createProgram(context, ['dev'], async (program) =>
      registerDev(program, {
        ports: { ...ports, spawn: () => assert.fail(), member: { run: never } as never },
        print: () => undefined,
        signal: context.signal,
      }),
    ),
  );
};

/** What the documents use of the docker command; all of it is run against a cluster by test/conformance. */
const docker = (): Command => {
  const program = new Command('docker').option('--host <endpoint>');
  const stack = program.command('stack');
  stack.command('deploy').option('-c, --compose-file <path>').argument('<stack>');
  stack.command('ps').argument('<stack>');
  program.command('service').command('scale').argument('<scale...>');
  const node = program.command('node');
  node.command('ls');
  node.command('update').option('--label-add <label>').argument('<node>');
  const run = program.command('run').option('-d, --detach').option('--name <name>').option('-e, --env <variable>');
  run.argument('<image>').argument('[command...]');
  return inert(program);
};

const inert = (command: Command): Command => {
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const one of command.commands) inert(one);
  // A group of commands that has options is a command too (`tutti door`).
  const isCommand = command.commands.length === 0 || (command.parent !== null && command.options.length > 0);
  if (isCommand) command.action(() => undefined);
  return command;
};

/** Lines of code blocks, fenced as `sh` or indented, each command of a line by itself and without its remark. */
const commandsIn = (text: string): string[] => {
  const commands: string[] = [];
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fence = fence === undefined ? line.slice(3) : undefined;
    else if (fence === 'sh' || (fence === undefined && line.startsWith('    ')))
      commands.push(...line.replace(/\s+#.*$/, '').split(/ (?:&&|\|) /));
  }
  return commands.map((command) => command.trim());
};

const wordsOf = (command: string): string[] => command.split(/\s+/);

/** What stands in the running text, `tutti …`: with placeholders, so that only names are looked up. */
const mentionsIn = (text: string): string[] =>
  [...text.matchAll(/`(?:\.\/)?tutti ([^`\n]+)`/g)].map(([, words = '']) => words.replaceAll('\\|', ' '));

const unknownIn = (program: Command, mention: string): string[] => {
  let command = program;
  const words = mention.split(/[\s[\]=]+/);
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
  const options = new Set([command, program].flatMap((one) => one.options.flatMap(({ long, short }) => [long, short])));
  options.add('--help');
  const unknown = words.filter((word) => word.startsWith('-') && !options.has(word));
  const [first = ''] = words;
  return command === program && /^[a-z]/.test(first) ? [first, ...unknown] : unknown;
};

for (const path of documents) {
  test(`the commands in ${path} exist, with their options`, async () => {
    const text = await textOf(path);
    const programs: Readonly<Record<string, () => Promise<Command> | Command>> = { './tutti': tutti, docker };
    for (const command of commandsIn(text)) {
      const [name = '', ...words] = wordsOf(command);
      const program = await programs[name]?.();
      await program?.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
        throw new Error(command, { cause: error });
      });
    }
    const program = await tutti();
    for (const mention of mentionsIn(text)) assert.deepEqual(unknownIn(program, mention), [], `tutti ${mention}`);
  });

  test(`the npm scripts in ${path} exist`, async () => {
    const { scripts } = JSON.parse(await textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    const named = [...(await textOf(path)).matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)];
    for (const [whole, script, builtIn] of named) assert.ok((script ?? builtIn ?? '') in scripts, whole);
  });
}

/** A command's help with what stands under it, and that of all its subcommands. */
const helpOf = (command: Command, parents: readonly string[] = []): (readonly [string, string])[] => {
  const words = [...parents, command.name()];
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const shown = command.commands.filter((one) => one.name() !== '__complete');
  return [[words.join(' '), text], ...shown.flatMap((one) => helpOf(one, words))];
};

test('every help has examples of its command, which can be typed', async () => {
  const helps = helpOf(await tutti());
  assert.ok(helps.length > 25);
  for (const [command, text] of helps) {
    const [, list = ''] = text.split('\nExamples:\n');
    const examples = list.split('\n').flatMap((line) => (line.startsWith('  ') ? [line.trim()] : []));
    assert.ok(examples.length > 0, `${command} --help has no example`);
    for (const example of examples) {
      const typed = example.slice(Math.max(0, example.indexOf('tutti '))).replace(/ {2,}.*$| > .*$/, '');
      assert.ok(typed.startsWith(`${command} `) || typed === command, `${command} --help: ${example}`);
      const parsed = (await tutti()).parseAsync(wordsOf(typed).slice(1), { from: 'user' });
      await parsed.catch((error: unknown) => assert.fail(`${example}: ${String(error)}`));
    }
  }
});

test('a command or an option that does not exist is found', async () => {
  const wrong = ['./tutti deplyo shop', './tutti ps --everything', './tutti scale', './tutti dev up --nodse 3'];
  for (const line of wrong) {
    const [, ...words] = wordsOf(line);
    await assert.rejects((await tutti()).parseAsync(words, { from: 'user' }), /error: /, line);
  }
  assert.deepEqual(commandsIn('a\n```sh\n./tutti init && ./tutti ls   # why\n```\n./tutti no'), [
    './tutti init',
    './tutti ls',
  ]);
  assert.deepEqual(unknownIn(await tutti(), 'dev up --nodse N'), ['--nodse']);
  assert.deepEqual(unknownIn(await tutti(), 'deplyo shop'), ['deplyo']);
});
