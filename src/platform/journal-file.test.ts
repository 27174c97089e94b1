import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { createJournalFile } from './journal-file.ts';

const directory = await mkdtemp(join(tmpdir(), 'tutti-journal-'));
after(async () => await rm(directory, { recursive: true }));

/** A journal of texts in a file of its own, and the set that it should hold. */
const openJournal = (name: string) => {
  const path = join(directory, name);
  const open = () => createJournalFile(path, z.string());
  const set = new Map<string, string>();
  let file = open();
  let mark = 0;
  let written = 0;
  const save = async (change?: { readonly put?: Record<string, string>; readonly remove?: readonly string[] }) => {
    for (const key of change?.remove ?? []) set.delete(key);
    for (const [key, value] of Object.entries(change?.put ?? {})) set.set(key, value);
    mark += 1;
    const { size: before, ino: earlier } = await stat(path).catch(() => ({ size: 0, ino: 0 }));
    await file.save(mark, () => set, change && { put: Object.entries(change.put ?? {}), remove: change.remove ?? [] });
    const { size, ino } = await stat(path);
    written += ino === earlier ? size - before : size;
  };
  return {
    path,
    set,
    save,
    written: () => written,
    reopen: () => void (file = open()),
    kept: async () => (await open().load())?.entries,
  };
};

test('changes are laid over the whole set, in order; what was written says its number', async () => {
  const journal = openJournal('changes');
  await journal.save({ put: { a: '1', b: '2' } });
  await journal.save({ put: { b: '3\n', c: 'é' }, remove: ['a'] });
  await journal.save({});
  assert.deepEqual(await createJournalFile(journal.path, z.string()).load(), { mark: 3, entries: journal.set });
  assert.equal((await stat(journal.path)).mode & 0o777, 0o600);
});

test('whatever is cut off the end costs what was not acknowledged and nothing else', async () => {
  const journal = openJournal('torn');
  await journal.save({ put: { a: '1' } });
  await journal.save({ put: { b: '2' } });
  const acknowledged = new Map(journal.set);
  const { size } = await stat(journal.path);
  await journal.save({ put: { c: '3' }, remove: ['a'] });
  const text = await readFile(journal.path);
  for (let length = size; length < text.length; length += 1) {
    await writeFile(journal.path, text.subarray(0, length));
    assert.deepEqual(await journal.kept(), acknowledged, `${length} of ${text.length} bytes`);
  }
  const holes = Buffer.from(text);
  holes.fill(0, size + 12, text.length - 4);
  await writeFile(journal.path, holes);
  assert.deepEqual(await journal.kept(), acknowledged);
});

test('what was acknowledged is there after kill -9, at whatever moment', async () => {
  const path = join(directory, 'killed');
  const writer = `
    import { writeSync } from 'node:fs';
    import * as z from 'zod';
    import { createJournalFile } from ${JSON.stringify(new URL('journal-file.ts', import.meta.url).href)};
    const file = createJournalFile(${JSON.stringify(path)}, z.string());
    const found = await file.load();
    const set = new Map(found?.entries);
    for (let mark = (found?.mark ?? 0) + 1; ; mark += 1) {
      const entry = [String(mark % 50), 'x'.repeat(mark % 3000)];
      set.set(...entry);
      await file.save(mark, () => set, { put: [entry], remove: [] });
      // process.stdout keeps what a slow reader has no room for in this process, and it would die with it.
      writeSync(1, mark + '\\n');
    }`;
  for (let round = 0; round < 3; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer], {
      cwd: dirname(fileURLToPath(import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      told += text;
      if (told.length > 400 * (round + 1)) child.kill('SIGKILL');
    });
    await closed;
    const acknowledged = Number(told.split('\n').at(-2));
    const found = await createJournalFile(path, z.string()).load();
    assert.ok(found !== undefined);
    assert.ok([acknowledged, acknowledged + 1].includes(found.mark), `${found.mark} after ${acknowledged}`);
    for (let mark = found.mark; mark > Math.max(0, found.mark - 50); mark -= 1) {
      assert.equal(found.entries.get(String(mark % 50))?.length, mark % 3000);
    }
  }
});

test('a line that is spoiled before the last makes the whole unreadable', async () => {
  const journal = openJournal('spoiled');
  for (const key of ['a', 'b', 'c']) await journal.save({ put: { [key]: key } });
  const text = await readFile(journal.path, 'utf8');
  await writeFile(journal.path, text.replace('"b","b"', '"b","x"'));
  assert.equal(await journal.kept(), undefined);
});

test('a process begins anew, over whatever the one before left', async () => {
  const journal = openJournal('anew');
  await journal.save({ put: { a: '1' } });
  await appendFile(journal.path, '01234567 {"mark":2,"pu');
  journal.reopen();
  await journal.save({ put: { b: '2' } });
  await journal.save({ put: { c: '3' } });
  assert.deepEqual(await journal.kept(), journal.set);
});

test('what could not be written leaves what was there, and the next write is whole', async () => {
  const journal = openJournal('refused');
  await journal.save({ put: { a: '1' } });
  const before = new Map(journal.set);
  await truncate(journal.path, (await stat(journal.path)).size + 1);
  await assert.rejects(journal.save({ put: { b: '2' } }), { code: 'internal' });
  assert.deepEqual(await journal.kept(), before);
  await journal.save({ put: { c: '3' } });
  assert.deepEqual(await journal.kept(), new Map(Object.entries({ a: '1', b: '2', c: '3' })));
});

test('additions one by one write a few times what they are, and so do changes for ever', async () => {
  const journal = openJournal('growth');
  const text = 'x'.repeat(10_000);
  const each = 10_030;
  for (let index = 0; index < 200; index += 1) await journal.save({ put: { [`key${index}`]: text } });
  assert.ok(journal.written() < 4 * 200 * each, `${journal.written()} bytes`);
  for (let index = 0; index < 500; index += 1) await journal.save({ put: { [`key${index % 10}`]: text } });
  assert.ok((await stat(journal.path)).size < 3 * 200 * each);
  assert.deepEqual(await journal.kept(), journal.set);
});
