import { loadProject, toStack } from '../../compose/load.ts';
import { formatProblem } from '../../compose/source/problem.ts';
import { TuttiError } from '../../model/errors.ts';
import type { StackSpec } from '../../model/stack.ts';
import { withLogins } from '../registry/logins.ts';
import type { Session } from '../session.ts';

export interface ProjectFlags {
  readonly file: readonly string[];
  readonly profile: readonly string[];
  readonly envFile: readonly string[];
  readonly projectDirectory?: string;
}

/** Reads the Compose files; warnings go to standard error. Throws `invalid-argument` with every fault by file and line. */
export const readStack = async (
  session: Session,
  name: string | undefined,
  flags: ProjectFlags,
): Promise<StackSpec> => {
  const { context, signal } = session;
  const result = await loadProject(
    flags.file,
    {
      workingDirectory: context.workingDirectory,
      environment: context.environment,
      profiles: flags.profile,
      signal,
      ...(flags.envFile.length === 0 ? {} : { envFiles: flags.envFile }),
      ...(name === undefined ? {} : { projectName: name }),
      ...(flags.projectDirectory === undefined ? {} : { projectDirectory: flags.projectDirectory }),
    },
    { readFile: context.readFile },
  );
  const warn = (problems: typeof result.warnings): void => {
    for (const each of problems) session.note(`warning: ${formatProblem(each)}`);
  };
  warn(result.warnings);
  if (result.kind === 'invalid') {
    throw new TuttiError('invalid-argument', result.errors.map(formatProblem).join('\n'));
  }
  const { stack, warnings } = toStack(result.project);
  warn(warnings);
  return stack;
};

/** What to deploy: the stack of the files, with the registry logins that this user has for its images. */
export const readDeployment = async (
  session: Session,
  name: string | undefined,
  flags: ProjectFlags,
): Promise<StackSpec> =>
  withLogins(await readStack(session, name, flags), {
    ...session.context,
    signal: session.signal,
    warn: (text) => session.note(`warning: ${text}`),
  });
