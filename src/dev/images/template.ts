import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Exec } from '../../platform/exec.ts';
import { ping } from '../engine.ts';
import type { Bases, EngineLayout } from '../layout.ts';
import type { MachinePorts } from '../machine.ts';
import { run } from '../run.ts';
import { waitFor } from '../wait.ts';
import { exists } from './base.ts';
import { loadImages } from './build.ts';
import { withBuilder } from './builder.ts';
import { locked } from './cache.ts';

/** Where an engine with the overlay2 driver keeps images, and nothing else. */
const parts = ['image', 'overlay2'] as const;

export interface TemplateOptions {
  /** Of `buildImages`. */
  readonly archive: string;
  readonly bases: Bases;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What an engine's data directory holds after it has loaded the archive, kept beside the archive: engines that start
 * with it have the images at once. Undefined where that cannot be: an engine that keeps images otherwise, or data
 * directories on another file system than the cache (layers are shared by hard links).
 */
export async function provideTemplate(ports: MachinePorts, options: TemplateOptions): Promise<string | undefined> {
  const version = (await run(ports.exec, ['dockerd', '--version'])).replace(/[^A-Za-z0-9.+~-]+/g, '-');
  const template = `${options.archive.replace(/\.tar$/, '')}.${version.replace(/-+$/, '')}`;
  const cache = dirname(template);
  await mkdir(options.bases.dataDirectory, { recursive: true });
  if ((await stat(cache)).dev !== (await stat(options.bases.dataDirectory)).dev) return undefined;
  if (await exists(template)) return template;
  return await locked(cache, options.signal, async () => {
    if (await exists(template)) return template;
    options.report('loading the images once, to start engines with');
    return await withBuilder(ports, options.bases, options.signal, async (endpoint, engine) => {
      await loadImages(ports.exec, options.archive, [endpoint], { signal: options.signal });
      await stopEngine(engine);
      return (await take(ports.exec, engine.dataRoot, template)) ? template : undefined;
    });
  });
}

/** Ends the engine in order, so that everything it knows is on the disk. */
async function stopEngine(engine: EngineLayout): Promise<void> {
  const pid = Number(await readFile(engine.pidFile, 'utf8'));
  process.kill(pid, 'SIGTERM');
  const ended = async (): Promise<true | undefined> =>
    !(await ping(engine.socket)) && !(await exists(engine.pidFile)) ? true : undefined;
  await waitFor(ended, { what: 'the engine to stop', deadlineMs: 30_000 });
}

/** Moves the parts aside whole, then into place: a template that is there is complete. */
async function take(exec: Exec, dataRoot: string, template: string): Promise<boolean> {
  if (!(await exists(join(dataRoot, 'image', 'overlay2', 'repositories.json')))) return false;
  const partial = `${template}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  for (const part of parts) await run(exec, ['mv', join(dataRoot, part), join(partial, part)], { timeoutMs: 300_000 });
  await rename(partial, template);
  return true;
}

/**
 * Gives an engine that never ran the template's images. The files of layers are never written to by an engine, so nodes
 * share them; what engines do write is copied.
 */
export async function seedEngine(exec: Exec, template: string, dataRoot: string): Promise<void> {
  await mkdir(dataRoot, { recursive: true, mode: 0o711 });
  await run(exec, ['cp', '-a', join(template, 'image'), join(dataRoot, 'image')], { timeoutMs: 120_000 });
  await run(exec, ['cp', '-al', join(template, 'overlay2'), join(dataRoot, 'overlay2')], { timeoutMs: 120_000 });
}
