import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listenOnSocket } from './socket.ts';

const directory = await mkdtemp(join(tmpdir(), 'tutti-socket-'));
after(async () => await rm(directory, { recursive: true }));

test('a socket that nobody answers at is replaced, one that is in use is not', async () => {
  const path = join(directory, 'run', 'docker.sock');
  const first = createServer();
  await listenOnSocket(first, path, 0o660);
  assert.equal((await stat(path)).mode & 0o777, 0o660);
  await assert.rejects(listenOnSocket(createServer(), path, 0o660), { code: 'conflict' });
  first.close();
  await writeFile(path, '');
  const second = createServer();
  await listenOnSocket(second, path, 0o600);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  second.close();
});

test('a path that no socket can have', async () => {
  const path = join(directory, 'x'.repeat(120));
  await assert.rejects(listenOnSocket(createServer(), path, 0o660), { code: 'invalid-argument' });
});
