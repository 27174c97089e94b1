import { dirname } from 'node:path/posix';
import { TuttiError } from '../model/errors.ts';
import type { StackSpec } from '../model/stack.ts';
import type { Environment } from './environment/environment.ts';
import { projectEnvironment } from './environment/environment.ts';
import { connectServices, keepUsed } from './load/complete.ts';
import { readContents } from './load/contents.ts';
import { applyEnvFiles } from './load/envfiles.ts';
import { composeFiles } from './load/files.ts';
import { loadFiles } from './load/model.ts';
import { projectName } from './load/name.ts';
import { activeProfiles, applyProfiles } from './load/profiles.ts';
import type { ComposePorts, LoadOptions } from './ports.ts';
import type { LoadResult, Project } from './project.ts';
import type { Session } from './session.ts';
import { absolute, openSession } from './session.ts';
import type { MapNode } from './source/node.ts';
import type { Problem } from './source/problem.ts';
import { formatProblem, tidyProblems } from './source/problem.ts';
import { convert } from './stack/stack.ts';
import { lacksSections, withoutConsequences, withoutFaulty } from './validate/consequences.ts';
import { checkSemantics } from './validate/semantics.ts';
import { validateSchema } from './validate/schema.ts';

/**
 * Reads Compose files into a project that is known to be deployable: what `toStack` makes of it has no errors.
 * `files` are merged in order; without any, COMPOSE_FILE or the usual names in the working directory are taken. All errors that can
 * be told at once are told at once. Throws only when the signal aborts.
 */
export async function loadProject(
  files: readonly string[],
  options: LoadOptions,
  ports: ComposePorts,
): Promise<LoadResult> {
  const session = openSession(ports, options.workingDirectory, options.signal);
  const project = await load(session, files, options);
  options.signal.throwIfAborted();
  const warnings = tidyProblems(session.warnings);
  if (project === undefined || session.errors.length > 0) {
    return { kind: 'invalid', errors: tidyProblems(session.errors), warnings };
  }
  return { kind: 'loaded', project, warnings };
}

/** What a loaded project is in the model; a warning for everything in it that Tutti does not act on. */
export function toStack(project: Project): { readonly stack: StackSpec; readonly warnings: readonly Problem[] } {
  const { stack, errors, warnings } = convert(project);
  if (errors.length > 0) {
    throw new TuttiError('invalid-argument', errors.map(formatProblem).join('\n'), { fields: { stack: project.name } });
  }
  return { stack, warnings };
}

async function load(session: Session, files: readonly string[], options: LoadOptions): Promise<Project | undefined> {
  const outer = await environmentIn(session, options, options.projectDirectory ?? firstDirectory(files, options));
  const paths = await composeFiles(session, files, outer);
  const directory = absolute(options.workingDirectory, options.projectDirectory ?? firstDirectory(paths, options));
  const environment = await environmentIn(session, options, directory);
  const name = await projectName(session, environment, { asked: options.projectName, paths, directory });
  const scope = { session, directory, environment: new Map([...environment, ['COMPOSE_PROJECT_NAME', name]]) };
  const merged = await loadFiles(scope, paths);
  if (merged === undefined || session.isTorn()) return undefined;
  const faults = validateSchema(merged, { partial: false });
  session.errors.push(...withoutConsequences(faults, session.errors));
  return finish(session, withoutFaulty(merged, faults), { name, environment: scope.environment, options });
}

interface Finishing {
  readonly name: string;
  readonly environment: Environment;
  readonly options: LoadOptions;
}

async function finish(session: Session, merged: MapNode, { name, environment, options }: Finishing): Promise<Project> {
  const profiles = activeProfiles(options.profiles ?? [], environment.get('COMPOSE_PROFILES'));
  const active = applyProfiles(merged, profiles);
  const connected = connectServices(await applyEnvFiles(session, active, environment));
  const earlier = [...session.errors];
  const isWhole = !lacksSections(earlier);
  session.errors.push(...checkSemantics(connected, { references: isWhole }));
  const root = keepUsed(session, connected);
  if (isWhole && !hasServices(root)) session.fail(root.at, ['services'], 'there is no service to run');
  const project: Project = { name, root, contents: await readContents(session, root, environment) };
  const found = [...session.errors.splice(earlier.length), ...convert(project).errors];
  session.errors.push(...withoutConsequences(found, earlier));
  return project;
}

function hasServices(root: MapNode): boolean {
  const services = root.entries.get('services')?.value;
  return services?.kind === 'map' && services.entries.size > 0;
}

function environmentIn(session: Session, options: LoadOptions, directory: string): Promise<Environment> {
  return projectEnvironment(
    session,
    options.environment,
    absolute(options.workingDirectory, directory),
    options.envFiles,
  );
}

/** Standard input has no directory; the working directory stands for it. */
function firstDirectory(files: readonly string[], { workingDirectory }: LoadOptions): string {
  const first = files[0];
  return first === undefined || first === '-' ? workingDirectory : dirname(absolute(workingDirectory, first));
}
