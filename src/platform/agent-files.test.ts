import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Assignment } from '../model/assignment.ts';
import { createAssignmentsFile, createRecordsFile } from './agent-files.ts';

const directory = await mkdtemp(join(tmpdir(), 'tutti-files-'));
after(async () => await rm(directory, { recursive: true }));

const config: Assignment = { kind: 'config', id: 'a', name: 'a', data: 'eA==' };

test('what was kept is there again, for root alone', async () => {
  const path = join(directory, 'agent', 'assignments.journal');
  const store = createAssignmentsFile(path);
  assert.equal(await store.load(), undefined);
  await store.save(7, { all: () => new Map([['config:a', config]]) });
  assert.deepEqual(await createAssignmentsFile(path).load(), {
    sequence: 7,
    assignments: new Map([['config:a', config]]),
  });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a file that cannot be read is as none', async () => {
  const path = join(directory, 'broken.json');
  for (const text of ['', '{"sequence":1', '{"sequence":1,"assignments":[{"kind":"riddle"}]}', '[{"id":7}]', '\n']) {
    await writeFile(path, text);
    assert.equal(await createAssignmentsFile(path).load(), undefined);
    assert.deepEqual(await createRecordsFile(path).load(), []);
  }
});
