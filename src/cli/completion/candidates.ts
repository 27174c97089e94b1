import type { Command } from 'commander';
import type { Session } from '../session.ts';

type Names = (session: Session) => Promise<readonly string[]>;

const services: Names = async ({ client, signal }) =>
  (await client.services(undefined, signal)).map(({ name }) => name);
const stacks: Names = async ({ client, signal }) => (await client.stacks(signal)).map(({ name }) => name);
const nodes: Names = async ({ client, signal }) => (await client.nodes(signal)).map(({ name }) => name);
const tasks: Names = async ({ client, signal }) => (await client.tasks({}, signal)).map(({ name }) => name);
const several =
  (...parts: readonly Names[]): Names =>
  async (session) =>
    (await Promise.all(parts.map((part) => part(session)))).flat();

/** Which names a command's arguments are. */
const argumentsOf: Readonly<Record<string, Names>> = {
  drain: nodes,
  pause: nodes,
  activate: nodes,
  ls: stacks,
  deploy: stacks,
  plan: stacks,
  ps: several(stacks, services),
  rm: several(stacks, services),
  scale: async (session) => (await services(session)).map((name) => `${name}=`),
  logs: several(services, tasks),
  explain: tasks,
};

/** What may stand for the last of `words`: commands, options, or names asked of the manager (none when it is silent). */
export const candidates = async (
  program: Command,
  words: readonly string[],
  open: () => Promise<Session>,
): Promise<readonly string[]> => {
  const word = words.at(-1) ?? '';
  const command = commandOf(program, words.slice(0, -1));
  const all = word.startsWith('-') ? optionsOf(command) : await namesOf(command, open);
  return all.filter((candidate) => candidate.startsWith(word));
};

const commandOf = (program: Command, words: readonly string[]): Command => {
  let at = program;
  for (const word of words) at = at.commands.find((command) => command.name() === word) ?? at;
  return at;
};

const optionsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap((option) => (option.hidden ? [] : [option.long ?? option.short ?? ''])),
  '--help',
];

const namesOf = async (command: Command, open: () => Promise<Session>): Promise<readonly string[]> => {
  const below = command.commands.map((each) => each.name()).filter((name) => !name.startsWith('__'));
  if (below.length > 0) return below;
  const choices = command.registeredArguments[0]?.argChoices;
  if (choices !== undefined) return choices;
  const ask = argumentsOf[command.name()];
  if (ask === undefined) return [];
  try {
    return await ask(await open());
  } catch {
    return [];
  }
};
