import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { TuttiError } from '../model/errors.ts';

/** sockaddr_un has 108 bytes, the last of them zero. */
const maxPathBytes = 107;

const answers = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

/** Id of the group `docker`, whose members may use Docker's socket; undefined where there is none. */
const dockerGroup = async (): Promise<number | undefined> => {
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const id = /^docker:[^:]*:(\d+):/m.exec(groups)?.[1];
  return id === undefined ? undefined : Number(id);
};

/**
 * Makes a server listen on a unix socket of root and, where the mode gives it rights, the group `docker`. A socket that nobody answers at is
 * replaced. Throws `conflict` where one does answer, `invalid-argument` for a path that is too long.
 */
export const listenOnSocket = async (server: Server, path: string, mode: number): Promise<void> => {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new TuttiError('invalid-argument', `${path} is too long for a socket: ${maxPathBytes} bytes at most`);
  }
  if (await answers(path)) throw new TuttiError('conflict', `another program serves ${path}`);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await rm(path, { force: true });
  // Nobody may connect before the mode is right.
  const before = process.umask(0o177);
  server.listen(path);
  process.umask(before);
  await once(server, 'listening');
  // Whoever may not change owners needs not: without group rights the group says nothing.
  const group = (mode & 0o070) === 0 ? undefined : await dockerGroup();
  if (group !== undefined) await chown(path, 0, group);
  await chmod(path, mode);
};
