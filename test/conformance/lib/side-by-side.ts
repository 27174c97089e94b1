import { chmod, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ran } from '../cli.ts';
import { run } from '../cli.ts';
import type { StepRun } from './chance.ts';
import { createNormaliser } from './normal.ts';
import type { Pair, Side } from './pair.ts';
import type { Scenario, Step } from './scenario.ts';
import { stepOf } from './scenario.ts';
import { wipe } from './wipe.ts';

/** What the two said differently. */
export interface Difference {
  readonly line: string;
  readonly what: 'exit code' | 'standard output' | 'standard error' | 'expectation';
  readonly tutti: string;
  readonly plain: string;
}

export interface Program {
  /** The docker command. */
  readonly docker: string;
  /** Plugins of it, by name. */
  readonly plugins?: Readonly<Record<string, string>>;
}

/** A user's shell at one of the two endpoints: a home and a directory of its own. */
interface Shell {
  readonly side: Side;
  type(line: string): Promise<Ran>;
  readonly normal: (text: string) => string;
}

const timeoutMs = 90_000;

const openShell = async (side: Side, root: string, program: Program, scenario: Scenario): Promise<Shell> => {
  const home = await mkdtemp(join(root, `${side.name}-`));
  const work = join(home, 'work');
  const programs = join(home, 'bin');
  const plugins = join(home, '.docker', 'cli-plugins');
  for (const directory of [work, programs, plugins]) await mkdir(directory, { recursive: true });
  await symlink(program.docker, join(programs, 'docker'));
  for (const [name, path] of Object.entries(program.plugins ?? {})) await symlink(path, join(plugins, name));
  for (const [path, text] of Object.entries(scenario.files ?? {})) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    await writeFile(join(work, path), text);
    if (text.startsWith('#!')) await chmod(join(work, path), 0o755);
  }
  const environment = {
    DOCKER_HOST: side.host,
    OUTSIDE: side.outside,
    HOME: home,
    PATH: `${programs}:${process.env['PATH']}`,
    DOCKER_BUILDKIT: '0',
    COMPOSE_PROGRESS: 'plain',
  };
  return {
    side,
    normal: createNormaliser(),
    type: (line) => run('bash', ['-o', 'pipefail', '-c', line], { cwd: work, environment, timeoutMs }),
  };
};

const typed = async (shell: Shell, step: Step): Promise<Ran> => {
  const deadline = performance.now() + (step.within ?? 0);
  const fits = (ran: Ran): boolean =>
    ran.code === 0 && (shell.side.name === 'plain' || step.tutti === undefined || step.tutti.test(ran.stdout));
  for (;;) {
    const ran = await shell.type(step.run);
    if (fits(ran) || performance.now() > deadline) return ran;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};

/** What is compared of how a line ended; what is not looked at is absent. */
type Compared = Partial<Record<Exclude<Difference['what'], 'expectation'>, string>>;

const textOf = ({ ignore, unordered }: Step, shell: Shell, said: string): string => {
  const lines = (ignore === undefined ? said : said.replaceAll(new RegExp(ignore, 'gm'), '')).split('\n');
  return shell.normal((unordered === true ? lines.toSorted() : lines).join('\n')).trim();
};

const comparedOf = (step: Step, shell: Shell, ran: Ran): Compared => ({
  'exit code': `${ran.code}`,
  ...(step.codeOnly !== true && { 'standard output': textOf(step, shell, ran.stdout) }),
  ...(step.codeOnly !== true && step.quiet !== true && { 'standard error': textOf(step, shell, ran.stderr) }),
});

type Ended = readonly [Shell, Ran];

const differencesOf = (step: Step, tutti: Compared, plain: Compared, ends: readonly [Ended, Ended]): Difference[] => {
  const found = Object.entries(tutti).flatMap(([what, one]): Difference[] => {
    const other = plain[what as keyof Compared] ?? '';
    return one === other ? [] : [{ line: step.run, what: what as keyof Compared, tutti: one, plain: other }];
  });
  if (step.codeOnly !== true || found.length === 0) return found;
  // With different exit codes, what was said tells why.
  const [one = '', other = ''] = ends.map(([shell, ran]) => textOf(step, shell, ran.stderr));
  return [...found, { line: step.run, what: 'standard error', tutti: one, plain: other }];
};

const wished = ({ fails }: Step, { code }: Ran): boolean => fails === 'perhaps' || (fails === true) === (code !== 0);

/** What is wrong with how the line ended at Tutti, whatever it did at the other end. */
const unexpected = (step: Step, ran: Ran): { readonly code: Difference[]; readonly said: Difference[] } => {
  const said = `${ran.code}: ${ran.stdout}${ran.stderr}`;
  const miss = (wanted: string): Difference => ({ line: step.run, what: 'expectation', tutti: said, plain: wanted });
  return {
    code: wished(step, ran) ? [] : [miss(step.fails === true ? 'an exit code other than 0' : 'exit code 0')],
    said: step.tutti === undefined || step.tutti.test(ran.stdout) ? [] : [miss(String(step.tutti))],
  };
};

/** Types a line at both ends at once, or at Tutti's alone. */
const take = async (step: Step, tutti: Shell, plain: Shell): Promise<Omit<StepRun<Difference>, 'step'>> => {
  const [here, there] = await Promise.all([typed(tutti, step), step.alone === true ? undefined : typed(plain, step)]);
  const missed = unexpected(step, here);
  if (step.differs !== undefined) return { differences: missed.said };
  if (there === undefined) return { differences: [...missed.code, ...missed.said] };
  const [one, other] = [comparedOf(step, tutti, here), comparedOf(step, plain, there)];
  const ends = [
    [tutti, here],
    [plain, there],
  ] as const;
  return {
    ...(missed.said.length === 0 && { tutti: JSON.stringify(one) }),
    plain: JSON.stringify(other),
    failed: missed.code.length > 0,
    differences: [...missed.code, ...missed.said, ...differencesOf(step, one, other, ends)],
  };
};

/** Runs a scenario at both endpoints at once, line by line, and leaves nothing of it at either. */
export const runScenario = async (
  pair: Pair,
  program: Program,
  { cleanUp, ...scenario }: Scenario,
): Promise<readonly StepRun<Difference>[]> => {
  const [tutti, plain] = await Promise.all([
    openShell(pair.tutti, pair.directory, program, scenario),
    openShell(pair.plain, pair.directory, program, scenario),
  ]);
  try {
    const runs: StepRun<Difference>[] = [];
    for (const [index, step] of scenario.steps.map(stepOf).entries()) {
      runs.push({ step: `${index} ${step.run}`, ...(await take(step, tutti, plain)) });
    }
    return runs;
  } finally {
    await Promise.all(
      [tutti, plain].map(async (shell) => {
        if (cleanUp !== undefined) await shell.type(cleanUp);
        await wipe(shell.side);
      }),
    );
  }
};

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');

/** A difference for people. */
export const formatDifference = ({ line, what, tutti, plain }: Difference): string => {
  const other = what === 'expectation' ? 'expected' : 'plain engine';
  return `  $ ${line}\n    ${what} differs\n      tutti:\n${indented(tutti)}\n      ${other}:\n${indented(plain)}`;
};
