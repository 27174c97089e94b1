import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

const epoch = new Date(0);
const applets = [
  'sh',
  'sleep',
  'true',
  'false',
  'echo',
  'cat',
  'ls',
  'ip',
  'ping',
  'nslookup',
  'wget',
  'httpd',
  'nc',
  'hostname',
  'env',
  'id',
  'stat',
  'mount',
  'kill',
  'dd',
  'test',
  'date',
  'udhcpc',
  'grep',
  'touch',
  'rm',
  'mkdir',
  'traceroute',
  'arp',
];

type Entry =
  | { readonly kind: 'file'; readonly name: string; readonly data: Buffer; readonly mode: number }
  | { readonly kind: 'link'; readonly name: string; readonly to: string }
  | { readonly kind: 'directory'; readonly name: string };

async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  const whole = buffer(tar);
  for (const entry of entries) {
    if (entry.kind === 'file') tar.entry({ name: entry.name, mode: entry.mode, mtime: epoch }, entry.data);
    else if (entry.kind === 'link') tar.entry({ name: entry.name, type: 'symlink', linkname: entry.to, mtime: epoch });
    else tar.entry({ name: entry.name, type: 'directory', mode: 0o1777, mtime: epoch });
  }
  tar.finalize();
  return whole;
}

/**
 * A tiny image as `docker load` takes it: static busybox, and a command that sleeps and ends at once on SIGTERM. The same
 * bytes give the same image id on every engine, so services can name it by id and no registry is asked.
 * `variant` makes images that differ. Needs Debian's busybox-static. Gives the archive and the image's id.
 */
export async function tinyImage(
  tag = 'tiny:1',
  variant = '1',
): Promise<{ readonly archive: Buffer; readonly id: string; readonly tag: string }> {
  const busybox = await readFile(process.env.BUSYBOX ?? '/bin/busybox');
  const layer = await archive([
    ...['bin', 'tmp', 'etc', 'proc', 'sys', 'dev', 'run', 'data'].map((name) => ({ kind: 'directory', name }) as const),
    { kind: 'file', name: 'bin/busybox', data: busybox, mode: 0o755 },
    { kind: 'file', name: 'etc/variant', data: Buffer.from(variant), mode: 0o644 },
    ...applets.map((name) => ({ kind: 'link', name: `bin/${name}`, to: 'busybox' }) as const),
  ]);
  const digest = createHash('sha256').update(layer).digest('hex');
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: { Env: ['PATH=/bin'], Cmd: ['sh', '-c', "trap 'exit 0' TERM INT; sleep 2147483 & wait"] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'tutti test image' }],
    }),
  );
  const manifest = Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: [tag], Layers: ['layer.tar'] }]));
  return {
    archive: await archive([
      { kind: 'file', name: 'config.json', data: config, mode: 0o644 },
      { kind: 'file', name: 'layer.tar', data: layer, mode: 0o644 },
      { kind: 'file', name: 'manifest.json', data: manifest, mode: 0o644 },
    ]),
    id: `sha256:${createHash('sha256').update(config).digest('hex')}`,
    tag,
  };
}

/** Writes the archive to a file, for `docker load -i`. */
export async function writeTinyImage(
  path: string,
  tag?: string,
  variant?: string,
): Promise<{ readonly id: string; readonly tag: string }> {
  const image = await tinyImage(tag, variant);
  await writeFile(path, image.archive);
  return { id: image.id, tag: image.tag };
}
