import type { StackSpec } from '../../model/stack.ts';
import { loadProject, toStack } from '../load.ts';
import type { ComposePorts, LoadOptions } from '../ports.ts';
import type { LoadResult } from '../project.ts';
import { formatProblem } from '../source/problem.ts';

/** Files below `/app` by their relative names, or anywhere by absolute ones. */
export type MemoryFiles = Readonly<Record<string, string | Uint8Array>>;

export function memoryPorts(files: MemoryFiles): ComposePorts {
  return {
    readFile: async (path) => {
      const found = files[path] ?? (path.startsWith('/app/') ? files[path.slice('/app/'.length)] : undefined);
      return typeof found === 'string' ? new TextEncoder().encode(found) : found;
    },
  };
}

export type TestOptions = Partial<Omit<LoadOptions, 'signal'>> & { readonly files?: readonly string[] };

/** Loads what lies in memory, in the directory `/app`. */
export function load(files: MemoryFiles | string, options: TestOptions = {}): Promise<LoadResult> {
  const { files: names = [], ...rest } = options;
  const given = typeof files === 'string' ? { 'compose.yaml': files } : files;
  return loadProject(
    names,
    { workingDirectory: '/app', environment: {}, signal: AbortSignal.timeout(10_000), ...rest },
    memoryPorts(given),
  );
}

export interface Loaded {
  readonly stack: StackSpec;
  readonly warnings: readonly string[];
}

/** The stack; throws with the errors when there are any. */
export async function stackOf(files: MemoryFiles | string, options: TestOptions = {}): Promise<Loaded> {
  const result = await load(files, options);
  if (result.kind === 'invalid') throw new Error(`invalid:\n${result.errors.map(formatProblem).join('\n')}`);
  const { stack, warnings } = toStack(result.project);
  return { stack, warnings: [...result.warnings, ...warnings].map(formatProblem) };
}

/** The errors as text, each in its line; none when the files are valid. */
export async function errorsOf(files: MemoryFiles | string, options: TestOptions = {}): Promise<readonly string[]> {
  const result = await load(files, options);
  return result.kind === 'invalid' ? result.errors.map(formatProblem) : [];
}

/** The only container of a service, by its key. */
export function containerOf(stack: StackSpec, key: string) {
  const container = serviceOf(stack, key).task.containers[0];
  if (container === undefined) throw new Error(`the service ${key} has no container`);
  return container;
}

export function serviceOf(stack: StackSpec, key: string) {
  const service = stack.services.find(({ name }) => name === `${stack.name}_${key}`);
  if (service === undefined) throw new Error(`there is no service ${key}`);
  return service;
}
