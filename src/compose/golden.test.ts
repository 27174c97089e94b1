import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { stackSpec } from '../model/stack.ts';
import { loadProject, toStack } from './load.ts';
import type { ComposePorts } from './ports.ts';
import { formatProblem } from './source/problem.ts';

const directory = fileURLToPath(new URL('testing/golden', import.meta.url));

/** The files stand in `/shop`, wherever the repository is. */
const ports: ComposePorts = {
  readFile: async (path, signal) => {
    try {
      return await readFile(path.replace(/^\/shop/, directory), { signal });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  },
};

const options = {
  workingDirectory: '/shop',
  environment: { TAG: '1.2', DB_PASSWORD: 'x', HOSTNAME_FROM_OUTSIDE: 'h' },
  profiles: ['debug'],
};

// After a wanted change: node --test --test-update-snapshots src/compose/golden.test.ts, and read the difference.
test('a project with most of the features becomes this stack', async (context) => {
  const files = ['compose.yaml', 'compose.production.yaml'];
  const loaded = await loadProject(files, { ...options, signal: AbortSignal.timeout(10_000) }, ports);
  assert.ok(loaded.kind === 'loaded', loaded.kind === 'invalid' ? loaded.errors.map(formatProblem).join('\n') : '');
  const { stack, warnings } = toStack(loaded.project);
  assert.ok(stackSpec.safeParse(stack).success);
  const result = { warnings: [...loaded.warnings, ...warnings].map(formatProblem), stack };
  context.assert.fileSnapshot(result, fileURLToPath(new URL('testing/golden/stack.snapshot', import.meta.url)));
});
