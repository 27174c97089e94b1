import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDaemonGroup, parseHierarchies, processesOf, trackingHierarchy } from './cgroup.ts';

const version1 = [
  '30 24 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '31 30 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory',
  '32 30 0:28 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer',
  '33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
].join('\n');
const version2 = '30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate';

test('version 1: the hierarchies with their controllers; daemons are tracked by the freezer', () => {
  const hierarchies = parseHierarchies(version1);
  assert.deepEqual(
    hierarchies.map((hierarchy) => [hierarchy.mount, hierarchy.version, hierarchy.controllers]),
    [
      ['/sys/fs/cgroup/memory', 1, ['memory']],
      ['/sys/fs/cgroup/freezer', 1, ['freezer']],
      ['/sys/fs/cgroup/unified', 2, []],
    ],
  );
  assert.equal(trackingHierarchy(hierarchies)?.mount, '/sys/fs/cgroup/freezer');
});

test('version 2: the one hierarchy', () => {
  assert.equal(trackingHierarchy(parseHierarchies(version2))?.mount, '/sys/fs/cgroup');
});

test('a mount point with a space in it', () => {
  assert.equal(parseHierarchies('1 2 0:3 / /a\\040b rw - cgroup2 cgroup2 rw')[0]?.mount, '/a b');
});

test('no control groups: daemons go without', async () => {
  assert.equal(await makeDaemonGroup([], '/x'), undefined);
});

test('processes of all groups below are found, once each', async () => {
  const root = await mkdtemp(join(tmpdir(), 'tutti-cgroup-'));
  try {
    const hierarchies = [
      { mount: join(root, 'a'), version: 1, controllers: ['freezer'] },
      { mount: join(root, 'b'), version: 2, controllers: [] },
    ] as const;
    const procs = await makeDaemonGroup(hierarchies, '/c/node1');
    assert.equal(procs, join(root, 'a/c/node1/daemons/cgroup.procs'));
    await writeFile(procs, '11\n12\n');
    await mkdir(join(root, 'b/c/node1/container'), { recursive: true });
    await writeFile(join(root, 'b/c/node1/container/cgroup.procs'), '12\n13\n0\n');
    const found = await processesOf(hierarchies, '/c/node1');
    assert.deepEqual(
      found.toSorted((one, other) => one - other),
      [11, 12, 13],
    );
    assert.equal(await readFile(procs, 'utf8'), '11\n12\n');
  } finally {
    await rm(root, { recursive: true });
  }
});
