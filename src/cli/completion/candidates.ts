import type { Command, Option } from 'commander';
import type { Session } from '../session.ts';

type Names = (session: Session) => Promise<readonly string[]>;

const services: Names = async ({ client, signal }) =>
  (await client.services(undefined, signal)).map(({ name }) => name);
const stacks: Names = async ({ client, signal }) => (await client.stacks(signal)).map(({ name }) => name);
const nodes: Names = async ({ client, signal }) => (await client.nodes(signal)).map(({ name }) => name);
const tasks: Names = async ({ client, signal }) => (await client.tasks({}, signal)).map(({ name }) => name);
const routes: Names = async ({ client, signal }) => (await client.routes(signal)).map(({ name }) => name);
const contexts: Names = async ({ client, signal }) => (await client.clients(signal)).map(({ name }) => name);
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
  'route rm': routes,
  'route logs': routes,
  'context renew': contexts,
  'context rm': contexts,
};

/** Which names an option's value is. */
const valuesOf: Readonly<Record<string, Names>> = { '--node': nodes };

/** What may stand for the last of `words`: commands, options, or names asked of the manager (none when it is silent). */
export const candidates = async (
  program: Command,
  words: readonly string[],
  open: () => Promise<Session>,
): Promise<readonly string[]> => {
  const word = words.at(-1) ?? '';
  const { command, path } = commandOf(program, words.slice(0, -1));
  const option = optionBefore([program, command], words.at(-2));
  const all = option
    ? await valuesFor(option, open)
    : word.startsWith('-')
      ? optionsOf(command)
      : await namesOf(command, path, open);
  return all.filter((candidate) => candidate.startsWith(word));
};

interface At {
  readonly command: Command;
  /** Its words: `route rm`. */
  readonly path: string;
}

const commandOf = (program: Command, words: readonly string[]): At => {
  let at: At = { command: program, path: '' };
  for (const word of words) {
    const command = at.command.commands.find((one) => one.name() === word);
    if (command !== undefined) at = { command, path: `${at.path} ${word}`.trim() };
  }
  return at;
};

/** The option whose value stands at the cursor. */
const optionBefore = (commands: readonly Command[], word = ''): Option | undefined =>
  commands
    .flatMap(({ options }) => options)
    .find(({ required, long, short }) => required && (word === long || word === short));

const valuesFor = async ({ argChoices, long }: Option, open: () => Promise<Session>): Promise<readonly string[]> =>
  argChoices ?? (await asked(valuesOf[long ?? ''], open));

const optionsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap((option) => (option.hidden ? [] : [option.long ?? option.short ?? ''])),
  '--help',
];

const namesOf = async (command: Command, path: string, open: () => Promise<Session>): Promise<readonly string[]> => {
  const below = command.commands.map((each) => each.name()).filter((name) => !name.startsWith('__'));
  if (below.length > 0) return below;
  return command.registeredArguments[0]?.argChoices ?? (await asked(argumentsOf[path], open));
};

const asked = async (names: Names | undefined, open: () => Promise<Session>): Promise<readonly string[]> => {
  try {
    return names === undefined ? [] : await names(await open());
  } catch {
    return [];
  }
};
