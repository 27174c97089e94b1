import type { Path, Position } from '../source/problem.ts';
import type { Session } from '../session.ts';
import { absolute, displayName, readText } from '../session.ts';
import { parseDotenv } from './dotenv.ts';
import type { Lookup } from './template.ts';

/** Variables by name. */
export type Environment = ReadonlyMap<string, string>;

export function lookupIn(environment: Environment): Lookup {
  return (name) => environment.get(name);
}

export interface EnvFileReference {
  /** Absolute. */
  readonly path: string;
  /** A missing file is an error; otherwise it is passed over. */
  readonly required: boolean;
  readonly at: Position | null;
  readonly where: Path;
}

/** `base` with the files' variables below it: what `base` sets wins, and a later file wins over an earlier one. */
export async function withEnvFiles(
  session: Session,
  base: Environment,
  files: readonly EnvFileReference[],
): Promise<Environment> {
  const fromFiles = new Map<string, string>();
  for (const file of files) {
    if (!file.required && (await session.read(file.path)).kind === 'missing') continue;
    const text = await readText(session, file.path, { at: file.at, path: file.where });
    if (text === undefined) continue;
    const { values, faults } = parseDotenv(text, (name) => base.get(name) ?? fromFiles.get(name));
    const name = displayName(session, file.path);
    for (const { line, message } of faults) session.fail({ file: name, line, column: 1 }, [], message);
    for (const [key, value] of values) fromFiles.set(key, value);
  }
  return new Map([...fromFiles, ...base]);
}

/** The environment of a project: the command's own, then `--env-file`s, or else `.env` in the project directory. */
export async function projectEnvironment(
  session: Session,
  own: Readonly<Record<string, string | undefined>>,
  directory: string,
  envFiles: readonly string[] | undefined,
): Promise<Environment> {
  const base = new Map<string, string>();
  for (const [name, value] of Object.entries(own)) if (value !== undefined) base.set(name, value);
  const references =
    envFiles === undefined
      ? [{ path: absolute(directory, '.env'), required: false, at: null, where: [] }]
      : envFiles.map((path) => ({
          path: absolute(session.workingDirectory, path),
          required: true,
          at: null,
          where: [],
        }));
  return withEnvFiles(session, base, references);
}
