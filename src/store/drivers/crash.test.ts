import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createStore } from '../create.ts';
import { sqliteDriver } from './sqlite.ts';

const writer = new URL('./crash.fixture.ts', import.meta.url).pathname;
const rounds = 10;

interface Acknowledged {
  revision: number;
  count: number;
}

/** Lets a writer run until it has had `enough` writes acknowledged, and kills it in the middle of whatever it does then. */
const writeAndKill = async (path: string, enough: number): Promise<Acknowledged> => {
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const last: Acknowledged = { revision: 0, count: 0 };
  let text = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) {
      const [revision = 0, count = 0] = line.split(' ').map(Number);
      Object.assign(last, { revision, count });
      lines += 1;
    }
    if (lines >= enough) child.kill('SIGKILL');
  });
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  return last;
};

const check = async (path: string, acknowledged: Acknowledged): Promise<void> => {
  await using store = await createStore({ driver: sqliteDriver({ path }), clock: Date });
  const count = store.view.get('task', 'left')?.slot ?? -1;
  assert.ok(store.view.revision >= acknowledged.revision, 'an acknowledged commit is lost');
  assert.ok(count >= acknowledged.count, 'an acknowledged write is lost');
  assert.equal(store.view.get('task', 'right')?.slot, count, 'half a transaction');
  assert.equal(store.view.count('task'), count + 2, 'half a transaction');
  for (let number = 1; number <= count; number += 1) assert.ok(store.view.get('task', `t${number}`) !== undefined);
};

it('loses nothing acknowledged and shows no half transaction when it is killed while it writes', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-crash-'));
  try {
    const path = join(directory, 'store.db');
    for (let round = 0; round < rounds; round += 1) {
      // Uneven, so that the kill falls on different points of a commit and of the write-ahead log.
      await check(path, await writeAndKill(path, 1 + ((round * 37) % 90)));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
