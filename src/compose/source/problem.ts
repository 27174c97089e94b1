/** A place in a file that a user can open: lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Something to tell the user about a Compose file. As an error it stops the deployment, as a warning it says what is
 * not acted on. `path` names the place in the model, as in `services.web.ports[0]`; empty for the whole file.
 */
export interface Problem {
  readonly at: Position | null;
  readonly path: string;
  readonly message: string;
}

/** Keys and indexes from the root of the file, the form in which code passes a place around. */
export type Path = readonly (string | number)[];

/** `['services', 'web', 'ports', 0]` as `services.web.ports[0]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

export function problem(at: Position | null, path: Path, message: string): Problem {
  return { at, path: formatPath(path), message };
}

/** One line in the form that editors recognise: `compose.yaml:12:5: services.web.imagee: unknown key …`. */
export function formatProblem({ at, path, message }: Problem): string {
  const place = at === null ? '' : `${at.file}:${at.line}:${at.column}: `;
  return `${place}${path === '' ? '' : `${path}: `}${message}`;
}

/** Sorted by file, then by place, without repetitions: the same fault is often seen by more than one check. */
export function tidyProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const one of problems) seen.set(formatProblem(one), one);
  return [...seen.values()].sort(byPlace);
}

function byPlace(a: Problem, b: Problem): number {
  if (a.at === null || b.at === null) return Number(a.at !== null) - Number(b.at !== null);
  if (a.at.file !== b.at.file) return a.at.file < b.at.file ? -1 : 1;
  return a.at.line - b.at.line || a.at.column - b.at.column;
}
