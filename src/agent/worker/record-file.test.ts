import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../model/ids.ts';
import { createRecordStore } from './record-file.ts';
import { newRecord, successorRecord } from './record.ts';

function memoryFile(text?: string) {
  const file = { text, read: async () => file.text, replace: async (next: string) => void (file.text = next) };
  return file;
}

test('what is saved is loaded again, whole', async () => {
  const store = createRecordStore(memoryFile());
  const first = newRecord('a' as TaskId, 's/1', 5);
  const records = [first, successorRecord(first, 'b' as TaskId, 10, 7)];
  await store.save(records);
  assert.deepEqual(await store.load(), records);
});

test('no file is no records; a broken one is a fault', async () => {
  assert.deepEqual(await createRecordStore(memoryFile()).load(), []);
  for (const text of ['', '{', '{"version":2,"tasks":[]}', '{"version":1,"tasks":[{"id":"a"}]}']) {
    await assert.rejects(createRecordStore(memoryFile(text)).load(), { code: 'corrupt' });
  }
});
