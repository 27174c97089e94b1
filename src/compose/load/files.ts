import type { Environment } from '../environment/environment.ts';
import type { Session } from '../session.ts';
import { absolute } from '../session.ts';

const names = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const overrides = [
  'compose.override.yaml',
  'compose.override.yml',
  'docker-compose.override.yaml',
  'docker-compose.override.yml',
];

/** The files to load, absolute: those given, those in COMPOSE_FILE, or the ones with the usual names. */
export async function composeFiles(
  session: Session,
  given: readonly string[],
  environment: Environment,
): Promise<readonly string[]> {
  const directory = session.workingDirectory;
  if (given.length > 0) return given.map((path) => absolute(directory, path));
  const listed = environment.get('COMPOSE_FILE');
  if (listed !== undefined && listed !== '') {
    return listed.split(environment.get('COMPOSE_PATH_SEPARATOR') || ':').map((path) => absolute(directory, path));
  }
  const main = await firstThere(session, names);
  if (main === undefined) {
    session.fail(null, [], `there is no Compose file in ${directory}; looked for ${names.join(', ')}`);
    return [];
  }
  const override = await firstThere(session, overrides);
  return override === undefined ? [main] : [main, override];
}

async function firstThere(session: Session, candidates: readonly string[]): Promise<string | undefined> {
  for (const name of candidates) {
    const path = absolute(session.workingDirectory, name);
    if ((await session.read(path)).kind !== 'missing') return path;
  }
  return undefined;
}
