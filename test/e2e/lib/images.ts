import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImages, loadImages } from '../../../src/dev/images/build.ts';
import { imageSource } from '../../../src/dev/images/source.ts';
import { votingAppImages } from '../../../src/dev/images/voting-app.ts';
import { defaultBases as bases } from '../../../src/dev/layout.ts';
import type { UpOptions, UpPorts } from '../../../src/dev/up.ts';
import { writeTinyImage } from '../../support/image.ts';

/** How the engines of a cluster get the images of a test. */
export type Supply = Pick<UpOptions, 'template' | 'onEngines'>;
export type Images = 'voting-app' | 'tiny';

/** Of `tiny`: busybox, and a command that sleeps until SIGTERM. */
export const tinyTag = 'tiny:1';

/** The archive of the voting app's images; built when there is none. */
export const votingAppArchive = async (ports: UpPorts): Promise<string> =>
  await buildImages(ports, {
    name: 'voting-app',
    images: votingAppImages,
    cache: process.env.TUTTI_CACHE ?? join(homedir(), '.cache', 'tutti'),
    bases,
    report: ports.report,
  });

/** Loads a tiny image into engines. */
export async function loadTiny(
  ports: Pick<UpPorts, 'exec'>,
  endpoints: readonly string[],
  tag = tinyTag,
  variant?: string,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-image-'));
  try {
    const archive = join(directory, 'tiny.tar');
    await writeTinyImage(archive, tag, variant);
    await loadImages(ports.exec, archive, endpoints);
  } finally {
    await rm(directory, { recursive: true });
  }
}

export async function supplyOf(ports: UpPorts, images: Images): Promise<Supply> {
  switch (images) {
    case 'voting-app':
      return await imageSource(ports, { archive: await votingAppArchive(ports), bases, report: ports.report });
    case 'tiny':
      return { onEngines: async (endpoints) => await loadTiny(ports, endpoints) };
  }
}
