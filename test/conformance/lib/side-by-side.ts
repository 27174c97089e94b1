import { chmod, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ran } from '../cli.ts';
import { run } from '../cli.ts';
import { createNormaliser } from './normal.ts';
import type { Pair, Side } from './pair.ts';
import type { Scenario, Step } from './scenario.ts';
import { stepOf } from './scenario.ts';

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

const differencesOf = (step: Step, tutti: readonly [Shell, Ran], plain: readonly [Shell, Ran]): Difference[] => {
  if (step.differs !== undefined) return [];
  const found: Difference[] = [];
  const compare = (what: Difference['what'], get: (shell: Shell, ran: Ran) => string): void => {
    const [one, other] = [get(...tutti), get(...plain)];
    if (one !== other) found.push({ line: step.run, what, tutti: one, plain: other });
  };
  const text = (shell: Shell, said: string): string => {
    const ignored = step.ignore === undefined ? said : said.replaceAll(new RegExp(step.ignore, 'gm'), '');
    const lines = ignored.split('\n');
    return shell.normal((step.unordered === true ? lines.toSorted() : lines).join('\n')).trim();
  };
  compare('exit code', (_, ran) => `${ran.code}`);
  if (step.codeOnly !== true) {
    compare('standard output', (shell, ran) => text(shell, ran.stdout));
    if (step.quiet !== true) compare('standard error', (shell, ran) => text(shell, ran.stderr));
  }
  // With different exit codes, what was said tells why.
  if (found[0]?.what === 'exit code' && step.codeOnly === true) {
    compare('standard error', (shell, ran) => text(shell, ran.stderr));
  }
  return found;
};

const unexpected = ({ run: line, tutti }: Step, ran: Ran): Difference[] =>
  tutti === undefined || tutti.test(ran.stdout)
    ? []
    : [{ line, what: 'expectation', tutti: `${ran.code}: ${ran.stdout}${ran.stderr}`, plain: String(tutti) }];

/** Runs a scenario at both endpoints at once, line by line, and gives what they did differently. */
export const runScenario = async (
  pair: Pair,
  program: Program,
  scenario: Scenario,
  onLine: (line: string, plain: Ran) => void = () => undefined,
): Promise<readonly Difference[]> => {
  const shells = await Promise.all(
    [pair.tutti, pair.plain].map((side) => openShell(side, pair.directory, program, scenario)),
  );
  const [tutti, plain] = shells;
  if (tutti === undefined || plain === undefined) throw new Error('two shells');
  const found: Difference[] = [];
  for (const step of scenario.steps.map(stepOf)) {
    const both = step.alone === true ? [tutti] : [tutti, plain];
    const [one, other] = await Promise.all(both.map((shell) => typed(shell, step)));
    if (one === undefined) continue;
    found.push(...unexpected(step, one));
    if (other === undefined) continue;
    onLine(step.run, other);
    found.push(...differencesOf(step, [tutti, one], [plain, other]));
  }
  const { cleanUp } = scenario;
  if (cleanUp !== undefined) await Promise.all(shells.map((shell) => shell.type(cleanUp)));
  return found;
};

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `        ${line}`)
    .join('\n');

/** The differences as a table for people. */
export const formatDifferences = (differences: readonly Difference[]): string =>
  differences
    .map(
      ({ line, what, tutti, plain }) =>
        `  $ ${line}\n    ${what} differs\n      tutti:\n${indented(tutti)}\n      ${what === 'expectation' ? 'expected' : 'plain engine'}:\n${indented(plain)}`,
    )
    .join('\n');
