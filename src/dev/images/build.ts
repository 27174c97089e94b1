import { readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Exec } from '../../platform/exec.ts';
import type { Bases } from '../layout.ts';
import type { MachinePorts } from '../machine.ts';
import { run } from '../run.ts';
import { exists, provideBase } from './base.ts';
import { withBuilder } from './builder.ts';
import { digestOf, locked } from './cache.ts';

export interface Image {
  readonly reference: string;
  /** Directory with a Dockerfile and all that it copies. */
  readonly context: string;
}

export interface BuildOptions {
  /** Names the result among others in the cache. */
  readonly name: string;
  readonly images: readonly Image[];
  /** Directory where results are kept from run to run. */
  readonly cache: string;
  readonly bases: Bases;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the images once, on an engine made for it, and keeps them as one archive until their sources change.
 * @returns the archive's path, for `loadImages`.
 * @throws TuttiError `internal` with the end of a failed build's output.
 */
export async function buildImages(ports: MachinePorts, options: BuildOptions): Promise<string> {
  const digest = await digestOf(options.images.map((image) => image.context));
  const archive = join(options.cache, `${options.name}-${digest}-${process.arch}.tar`);
  if (await exists(archive)) return archive;
  return await locked(options.cache, options.signal, async () => {
    if (await exists(archive)) return archive;
    await withBuilder(ports, options.bases, options.signal, async (endpoint) => {
      await provideBase(ports.exec, endpoint, options);
      await inParallel(2, options.images, async (image) => await build(ports.exec, endpoint, image, options));
      await save(ports.exec, endpoint, archive, options);
    });
    await removeOlder(options, archive);
    return archive;
  });
}

async function build(exec: Exec, endpoint: string, image: Image, options: BuildOptions): Promise<void> {
  const begun = performance.now();
  options.report(`building ${image.reference}`);
  // The classic builder is in every engine; BuildKit's client is a plug-in that distributions leave out.
  const docker = ['env', 'DOCKER_BUILDKIT=0', 'docker', '--host', endpoint];
  const argv = [...docker, 'build', '--quiet', '--network', 'host', '--tag', image.reference, image.context];
  await run(exec, argv, { timeoutMs: 1_800_000, ...(options.signal && { signal: options.signal }) });
  options.report(`built ${image.reference} in ${Math.round((performance.now() - begun) / 1000)} s`);
}

/** Written aside and renamed: a file that is there is whole. */
async function save(exec: Exec, endpoint: string, archive: string, options: BuildOptions): Promise<void> {
  const partial = `${archive}.partial`;
  const references = options.images.map((image) => image.reference);
  try {
    await run(exec, ['docker', '--host', endpoint, 'save', '--output', partial, ...references], { timeoutMs: 600_000 });
    await rename(partial, archive);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Archives of earlier sources, and what was made of them, are of no use any more. */
async function removeOlder(options: BuildOptions, archive: string): Promise<void> {
  const older = new RegExp(`^${options.name}-[0-9a-f]{16}-${process.arch}\\.`);
  for (const file of await readdir(options.cache)) {
    if (older.test(file) && file !== basename(archive)) {
      await rm(join(options.cache, file), { recursive: true, force: true });
    }
  }
}

/** Copies an archive of images into engines, two at a time: reading it keeps a processor busy. */
export async function loadImages(
  exec: Exec,
  archive: string,
  endpoints: readonly string[],
  options: { readonly report?: (line: string) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { report, signal } = options;
  let done = 0;
  await inParallel(2, endpoints, async (endpoint) => {
    await run(exec, ['docker', '--host', endpoint, 'load', '--quiet', '--input', archive], {
      timeoutMs: 600_000,
      ...(signal && { signal }),
    });
    done += 1;
    report?.(`${done} of ${endpoints.length} engines have the images`);
  });
}

/** Works on `width` items at a time; after a failure begins no more, and rejects when all begun have ended. */
async function inParallel<T>(width: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (cause) {
        queue.length = 0;
        throw cause;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(width, items.length) }, lane);
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}
