import { isAbsolute, relative, resolve } from 'node:path/posix';
import type { ComposePorts } from './ports.ts';
import type { Path, Position, Problem } from './source/problem.ts';
import { problem } from './source/problem.ts';

/** Files larger than this are not read; the largest thing that a stack can carry is a config of 1,000 kB. */
const largestFile = 4 * 1024 * 1024;

/** One loading of a project: what was read, and what there is to say about it. */
export interface Session {
  readonly signal: AbortSignal;
  readonly workingDirectory: string;
  readonly errors: Problem[];
  readonly warnings: Problem[];
  readonly fail: (at: Position | null, path: Path, message: string) => void;
  /** What could not be read, or not be found in what was, is missing: what names it cannot be judged. */
  readonly tear: () => void;
  readonly isTorn: () => boolean;
  readonly warn: (at: Position | null, path: Path, message: string) => void;
  /** The bytes of a file, once read however often asked for; what is wrong with it as a text otherwise. */
  readonly read: (path: string) => Promise<FileContent>;
}

export type FileContent =
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly reason: string };

export function openSession(ports: ComposePorts, workingDirectory: string, signal: AbortSignal): Session {
  const errors: Problem[] = [];
  const warnings: Problem[] = [];
  const files = new Map<string, Promise<FileContent>>();
  let torn = false;
  return {
    signal,
    workingDirectory,
    errors,
    warnings,
    fail: (at, path, message) => errors.push(problem(at, path, message)),
    tear: () => {
      torn = true;
    },
    isTorn: () => torn,
    warn: (at, path, message) => warnings.push(problem(at, path, message)),
    read: (path) => {
      const known = files.get(path) ?? readContent(ports, path, signal);
      files.set(path, known);
      return known;
    },
  };
}

async function readContent(ports: ComposePorts, path: string, signal: AbortSignal): Promise<FileContent> {
  try {
    const bytes = await ports.readFile(path, signal);
    if (bytes === undefined) return { kind: 'missing' };
    if (bytes.length <= largestFile) return { kind: 'content', bytes };
    return { kind: 'unreadable', reason: `it has ${bytes.length} bytes, at most ${largestFile} are read` };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A file as the user would name it from where they are. */
export function displayName(session: Session, path: string): string {
  if (!isAbsolute(path)) return path;
  const fromHere = relative(session.workingDirectory, path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}

export function absolute(directory: string, path: string): string {
  return path === '-' ? path : resolve(directory, path);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Undefined when the bytes are not UTF-8. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The text of a file that must be there; otherwise says so at the place that names it. */
export async function readText(
  session: Session,
  path: string,
  named: { readonly at: Position | null; readonly path: Path },
): Promise<string | undefined> {
  const content = await session.read(path);
  const name = displayName(session, path);
  if (content.kind === 'content') {
    const text = decode(content.bytes);
    if (text === undefined) session.fail(named.at, named.path, `the file ${name} is not text in UTF-8`);
    return text;
  }
  const reason = content.kind === 'missing' ? 'does not exist' : `cannot be read: ${content.reason}`;
  session.fail(named.at, named.path, `the file ${name} ${reason}`);
  return undefined;
}
