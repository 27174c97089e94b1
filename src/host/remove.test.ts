import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { daemonsOf } from './daemons/daemon.ts';
import { nodePaths } from './paths.ts';
import { removeFiles } from './remove.ts';
import { statusFile } from './daemons/tell-status.ts';

test('a node that leaves takes the files of all of its daemons with it, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-remove-'));
  const directories = { stateDirectory: join(root, 'state'), runDirectory: join(root, 'run') };
  const daemons = daemonsOf({ role: 'manager' }, directories);
  assert.deepEqual(
    daemonsOf({ role: 'worker' }, directories).map(({ name }) => name),
    ['resolver', 'agent'],
  );
  const files = [
    ...Object.values(nodePaths(directories)),
    ...daemons.flatMap(({ name, logFile }) => [logFile, `${logFile}.1`, statusFile(name, directories)]),
    ...daemons.flatMap(({ name }) => ['pid', 'pid.supervisor'].map((end) => join(root, 'run', `${name}.${end}`))),
  ];
  try {
    const theirs = join(root, 'state', 'resolver.notes');
    for (const file of [...files, theirs]) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, '');
    }
    await removeFiles(directories);
    assert.deepEqual(await readdir(join(root, 'state')), ['resolver.notes']);
    await assert.rejects(stat(join(root, 'run')), { code: 'ENOENT' });
    await rm(theirs);
    await removeFiles(directories);
    assert.deepEqual(await readdir(root), []);
  } finally {
    await rm(root, { recursive: true });
  }
});
