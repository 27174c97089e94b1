import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const vote = fileURLToPath(new URL('../../examples/voting-app/vote/vote.py', import.meta.url));
const port = 18_080;

/** Asks as the health check does: it hangs up once it has read the status. */
const check = async (): Promise<string> => {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /healthz HTTP/1.0\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  socket.resetAndDestroy();
  return head.toString('latin1').split('\r\n')[0] ?? '';
};

test('the ballot box logs requests, and nothing of its health check', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-vote-'));
  context.after(async () => await rm(directory, { recursive: true }));
  const redis = 'class RedisError(Exception):\n  pass\nclass Redis:\n  def __init__(self, **options):\n    pass\n';
  await writeFile(join(directory, 'redis.py'), redis);
  const child = spawn('python3', ['-B', vote], {
    env: { PATH: process.env['PATH'], PYTHONPATH: directory, PORT: String(port) },
  });
  const started = await Promise.race([once(child.stdout, 'data'), once(child, 'error').then(() => undefined)]);
  if (started === undefined) return context.skip('there is no python3 on this machine');
  let log = '';
  child.stderr.on('data', (data: Buffer) => {
    log += data.toString();
  });
  for (let count = 0; count < 30; count += 1) assert.equal(await check(), 'HTTP/1.1 200 OK');
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  child.kill('SIGTERM');
  await once(child, 'close');
  assert.match(log, /^\S+ - - \[[^\]]+\] "GET \/ HTTP\/1\.1" 200 -\n$/);
});
