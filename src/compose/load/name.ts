import { basename } from 'node:path/posix';
import type { Environment } from '../environment/environment.ts';
import { lookupIn } from '../environment/environment.ts';
import { substitute } from '../environment/template.ts';
import type { Session } from '../session.ts';
import { decode, displayName } from '../session.ts';
import { child, textOf } from '../source/node.ts';
import { parseYaml } from '../source/parse.ts';

/**
 * The project's name: as asked for, from COMPOSE_PROJECT_NAME, from the last file with a `name`, from the directory.
 * It is needed before the files are interpolated, because they may use COMPOSE_PROJECT_NAME.
 */
export async function projectName(
  session: Session,
  environment: Environment,
  from: { readonly asked: string | undefined; readonly paths: readonly string[]; readonly directory: string },
): Promise<string> {
  const given = from.asked ?? (environment.get('COMPOSE_PROJECT_NAME') || undefined);
  const name = given ?? (await nameInFiles(session, environment, from.paths)) ?? nameOfDirectory(from.directory);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name)) {
    const rule = 'letters, digits, "_", "." and "-" only, beginning with a letter or digit, 63 at most';
    session.fail(null, ['name'], `${JSON.stringify(name)} cannot be the name of a stack: ${rule}`);
  }
  return name;
}

async function nameInFiles(
  session: Session,
  environment: Environment,
  paths: readonly string[],
): Promise<string | undefined> {
  let name: string | undefined;
  for (const path of paths) {
    const content = await session.read(path);
    const text = content.kind === 'content' ? decode(content.bytes) : undefined;
    for (const root of text === undefined ? [] : parseYaml(text, displayName(session, path)).roots) {
      const found = substitute(textOf(child(root, 'name')) ?? '', lookupIn(environment));
      if (found.kind === 'text' && found.text !== '') name = found.text;
    }
  }
  return name;
}

function nameOfDirectory(directory: string): string {
  return (
    basename(directory)
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '')
      .replace(/^[_-]+/, '') || 'default'
  );
}
